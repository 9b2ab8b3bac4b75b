import { expect, test } from "bun:test";
import { silentLog, systemClock } from "#base";
import { channels, type Channel } from "#channels";
import { linesOf } from "#gateway";
import type { OutboxRow } from "#storage";
import type { Delivery } from "../../../src/gateway/outbound/delivery.ts";
import { DeliveryQueue } from "../../../src/gateway/outbound/delivery-queue.ts";
import { Pace } from "../../../src/gateway/outbound/pace.ts";
import type { House } from "../../../src/gateway/house.ts";
import { until } from "../../support/until.ts";

const connection = {
  state: "online",
  send: async () => ({ messageId: "1" }),
  [Symbol.asyncDispose]: async () => {},
} as const;
const lines = linesOf(channels.map((channel: Channel) => ({ channel, account: "default", settings: {}, connection })));

function rowTo(n: number, channel: string, chat: string): OutboxRow {
  return { id: `r${n}`, n, to: { channel, chat }, text: "x" } as OutboxRow;
}

/** Over these rows, which are gone once they were delivered. */
function queueOver(rows: OutboxRow[], deliver: (row: OutboxRow) => Promise<"over" | "stuck">) {
  const storage = {
    nextOutboxAt: async () => undefined,
    dueOutbox: async ({ limit }: { readonly limit: number }) => rows.slice(0, limit),
    outbox: async () => [],
  };
  const house = { storage, clock: systemClock, log: silentLog, instanceId: "one", lines } as unknown as House;
  const pace = new Pace(lines);
  return { pace, queue: new DeliveryQueue(house, { delivery: { deliver } as Delivery, pace }) };
}

test("a platform that is busy holds up no other, however many of its chats wait", async () => {
  const busy = Array.from({ length: 900 }, (_, i) => rowTo(i, "slack", `C${i}`));
  const rows = [...busy, rowTo(900, "telegram", "1")];
  const told: string[] = [];
  const { queue, pace } = queueOver(rows, async ({ to }) => {
    told.push(to.channel);
    rows.length = 0;
    return "over";
  });
  for (const { to } of busy) pace.note(to, systemClock.elapsed() + 60_000);
  queue.wake();
  await until("the message of the other platform", () => told.length > 0);
  await queue[Symbol.asyncDispose]();
  expect(told).toEqual(["telegram"]);
});

test("no more go out at once than there are places, and whoever leaves one lets the next one go", async () => {
  const rows = Array.from({ length: 200 }, (_, i) => rowTo(i, "webhook", `room${i}`));
  const free: (() => void)[] = [];
  const begun = new Set<string>();
  const { queue } = queueOver(rows, async (row) => {
    begun.add(row.id);
    await new Promise<void>((resolve) => free.push(resolve));
    rows.splice(rows.indexOf(row), 1);
    return "over";
  });
  queue.wake();
  await until("all places being taken", () => begun.size === 64);
  while (begun.size < 200) {
    const before = begun.size;
    free.shift()?.();
    await until("the next one", () => begun.size > before);
    expect(begun.size).toBe(before + 1);
  }
  for (const leave of free) leave();
  await queue[Symbol.asyncDispose]();
});

test("what can be neither sent nor given up is not looked at again", async () => {
  const rows = [rowTo(1, "webhook", "a"), rowTo(2, "webhook", "b")];
  const tried: string[] = [];
  const { queue } = queueOver(rows, async ({ id }) => {
    tried.push(id);
    if (id === "r1") return "stuck";
    rows.pop();
    return "over";
  });
  queue.wake();
  await until("both", () => tried.length === 2);
  queue.wake();
  await queue[Symbol.asyncDispose]();
  expect(tried).toEqual(["r1", "r2"]);
});
