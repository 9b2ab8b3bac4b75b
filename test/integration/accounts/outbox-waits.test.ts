import { expect, test } from "bun:test";
import { type Lines, linesOf } from "#gateway";
import { FakeChannel } from "../../support/fake-channel.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { Walk, webchat } from "../../support/walk.ts";

test("what is for an account that is not open waits for it, and no try is counted", async () => {
  using folder = tempFolder();
  const pigeon = new FakeChannel();
  const state = { isOpen: false, asked: 0 };
  const find: Lines["find"] = (to) => linesOf(state.isOpen ? [webchat, pigeon] : [webchat]).find(to);
  const lines: Lines = {
    find: (to) => {
      if (to.channel === "pigeon") state.asked++;
      return find(to);
    },
    all: () => [webchat],
    expects: ({ channel }) => channel === "pigeon",
  };
  // Ten seconds go by whenever somebody looks, so that what waits is soon due again.
  const clock = { ms: 0, now: () => (clock.ms += 10_000), elapsed: () => performance.now() };
  await using walk = new Walk({ folder: folder.path, lines, clock });
  await walk.say("hello", { sessionKey: "agent:main:pigeon:default:direct:c", from: { channel: "pigeon", chat: "c" } });
  await until("it to wait", async () => (await walk.gateway.outbox({ limit: 1 }))[0]?.problem);
  for (let times = 0; times < 20; times++) await walk.gateway.recover();
  await until("many looks", () => state.asked > 10);
  const [row] = await walk.gateway.outbox({ limit: 1 });
  expect(row).toMatchObject({ attempts: 0, problem: expect.stringContaining("not open now") });
  expect(row?.deadAt).toBeUndefined();
  state.isOpen = true;
  await until("it to arrive", async () => {
    await walk.gateway.recover();
    return pigeon.texts.length > 0;
  });
  expect(pigeon.texts).toEqual(["echo hello"]);
});
