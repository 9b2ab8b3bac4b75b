import { silentLog, systemClock } from "#base";
import { expect, test } from "bun:test";
import { Traffic } from "../../../src/gateway/accounts/traffic.ts";
import { until } from "../../support/until.ts";

/** Notes in memory, which count what is written. */
function notebook(text?: string) {
  const written: string[] = [];
  return {
    written,
    isFull: false,
    last: text,
    async read(this: { last?: string | undefined }) {
      return this.last;
    },
    async write(this: { last?: string | undefined; isFull: boolean }, _name: string, now: string) {
      if (this.isFull) throw new Error("the disk is full");
      written.push(now);
      this.last = now;
    },
  };
}

function open(notes: ReturnType<typeof notebook>, noteAfterMs = 60_000): Traffic {
  return new Traffic({ notes, clock: systemClock, log: silentLog, noteAfterMs });
}

test("many messages are noted once, and the next life knows of the last", async () => {
  const notes = notebook();
  const traffic = open(notes, 1);
  for (let i = 0; i < 100; i++) traffic.took();
  traffic.sent();
  await until("the note", () => notes.written.length > 0);
  await traffic.settle();
  expect(notes.written).toHaveLength(1);
  const next = open(notes);
  await until("the times", () => next.times.lastInboundAt);
  expect(next.times).toEqual(traffic.times);
  await next.settle();
  expect(notes.written).toHaveLength(1);
});

test("at the end what is not noted yet is, and what an earlier life knew is kept", async () => {
  const notes = notebook(JSON.stringify({ lastInboundAt: 5, lastOutboundAt: 6 }));
  const traffic = open(notes);
  traffic.took();
  await traffic.settle();
  expect(JSON.parse(notes.last ?? "")).toEqual({ lastInboundAt: traffic.times.lastInboundAt ?? 0, lastOutboundAt: 6 });
  expect(traffic.times.lastInboundAt).toBeGreaterThan(6);
});

test("what could not be noted is noted the next time, and a note that makes no sense is none", async () => {
  const notes = notebook("{");
  const traffic = open(notes);
  traffic.took();
  notes.isFull = true;
  await traffic.settle();
  notes.isFull = false;
  await traffic.settle();
  expect(notes.written).toEqual([JSON.stringify(traffic.times)]);
});
