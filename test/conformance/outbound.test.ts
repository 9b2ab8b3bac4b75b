import type { Storage } from "#storage";
import { afterEach, beforeEach, describe, expect, mock, spyOn, test } from "bun:test";
import type { MessengerPlatform, OutboundTrouble } from "../support/channel-platform.ts";
import { ChannelWalk } from "../support/channel-walk.ts";
import { openDiscordPlatform } from "../support/discord-platform.ts";
import { openSlackPlatform } from "../support/slack-platform.ts";
import { openTelegramPlatform } from "../support/telegram-platform.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, over, type Walk } from "../support/walk.ts";

/** `canBeKnown`: the platform takes a message once, or tells whether it has it. */
const platforms: readonly {
  readonly channel: string;
  readonly openFake: () => Promise<MessengerPlatform>;
  readonly canBeKnown: boolean;
}[] = [
  { channel: "discord", openFake: openDiscordPlatform, canBeKnown: true },
  { channel: "slack", openFake: openSlackPlatform, canBeKnown: true },
  { channel: "telegram", openFake: openTelegramPlatform, canBeKnown: false },
];

const troubles: readonly (readonly [string, OutboundTrouble])[] = [
  ["whose answer is lost on its way", "lostAnswer"],
  ["that the platform takes and calls an error of its own", "failsAfter"],
  ["that the platform takes and never answers", "hangsAfter"],
  ["that the platform wants a moment later", "busy"],
];

const said = ["one", "two", "three"];
const answers = said.map((text) => `echo ${text}`);
/** As long as one try may take. */
const transmitMs = 30_000;
const shortMs = 400;

const usualTimeout = globalThis.setTimeout;
const shortTimeout = (work: () => void, ms = 0, ...rest: unknown[]) =>
  usualTimeout(work, ms === transmitMs ? shortMs : ms, ...rest);

/** The random part of a wait is small, and no try takes half a minute. */
beforeEach(() => {
  spyOn(Math, "random").mockReturnValue(0.01);
  globalThis.setTimeout = Object.assign(shortTimeout, usualTimeout);
});
afterEach(() => {
  globalThis.setTimeout = usualTimeout;
  mock.restore();
});

describe.each([...platforms])("REL-12: on $channel an answer", ({ openFake, canBeKnown }) => {
  test.each([...troubles])(
    "%s is there, once where that can be known, and before those that come after it",
    async (_what, trouble) => {
      using folder = tempFolder();
      await using platform = await openFake();
      await using house = await ChannelWalk.open([platform], { folder: folder.path });
      await house.online();
      platform.next(trouble);
      for (const text of said) platform.says(text);
      await recorded(house.walk);
      await expectEach(platform, house.walk, canBeKnown || trouble === "busy");
    },
  );

  test("that was sent when the process died before the record is there, once where that can be known", async () => {
    using folder = tempFolder();
    await using platform = await openFake();
    {
      const died = Promise.withResolvers<void>();
      const between = (storage: Storage) =>
        over(storage, {
          append: async (append) => {
            if (!append.settles) return storage.append(append);
            house.walk.freeze();
            died.resolve();
            throw new Error("died");
          },
        });
      await using house: ChannelWalk = await ChannelWalk.open([platform], { folder: folder.path, between });
      await house.online();
      for (const text of said) platform.says(text);
      await died.promise;
      await until("the message", () => platform.texts.length > 0);
    }
    await using house = await ChannelWalk.open([platform], { folder: folder.path });
    await recorded(house.walk);
    await expectEach(platform, house.walk, canBeKnown);
  });
});

async function recorded(walk: Walk): Promise<void> {
  await until(
    "the records",
    async () => (await walk.log(key)).filter(({ kind }) => kind === "MessageSent").length === 3,
  );
}

async function expectEach(platform: MessengerPlatform, walk: Walk, isKnown: boolean): Promise<void> {
  const { texts } = platform;
  expect([...new Set(texts)]).toEqual(answers);
  if (isKnown) return expect(texts).toEqual(answers);
  expect(texts.length).toBeLessThanOrEqual(answers.length + 1);
  const received = (await walk.log(key)).flatMap((event) => (event.kind === "MessageReceived" ? [event.runId] : []));
  for (const [at, runId] of received.entries()) {
    const [trace] = await walk.gateway.trace(runId);
    const isDoubled = texts.filter((text) => text === answers[at]).length > 1;
    const isTold = trace?.steps.some(({ what }) => what === "deliveryUncertain");
    expect({ runId, isTold }).toEqual({ runId, isTold: isDoubled });
    expect(trace?.state).toBe("delivered");
  }
}
