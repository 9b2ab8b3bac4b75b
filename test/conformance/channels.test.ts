import { channels, type OutboundMessage } from "#channels";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openChannelLine } from "../support/channel-line.ts";
import type { ChannelPlatform } from "../support/channel-platform.ts";
import { openDiscordPlatform } from "../support/discord-platform.ts";
import { openSlackPlatform } from "../support/slack-platform.ts";
import { openTelegramPlatform } from "../support/telegram-platform.ts";
import { openWebhookPlatform } from "../support/webhook-platform.ts";
import { until } from "../support/until.ts";

/** One fake platform for each channel that has accounts, in alphabetical order. */
const platforms: readonly {
  readonly channel: string;
  readonly openFake: () => Promise<ChannelPlatform>;
  readonly hasNoToken?: true;
}[] = [
  { channel: "discord", openFake: openDiscordPlatform },
  { channel: "slack", openFake: openSlackPlatform },
  { channel: "telegram", openFake: openTelegramPlatform },
  { channel: "webhook", openFake: openWebhookPlatform, hasNoToken: true },
];

const never = new AbortController().signal;

test("every channel with accounts is under test here", () => {
  const withAccounts = channels.filter((channel) => "account" in channel).map(({ id }) => id);
  expect(platforms.map(({ channel }) => channel)).toEqual(withAccounts);
});

test("no channel loads its platform's library before an account is opened", async () => {
  const folder = join(import.meta.dir, "../../src/channels");
  for (const { channel } of platforms) {
    const text = await Bun.file(join(folder, `${channel}.ts`)).text();
    expect(text).toContain(`await import("./${channel}/open.ts")`);
    const eager = [...text.matchAll(/^import (?!type ).*from "([^"]+)"/gm)].map(([, from]) => from);
    const light = /^(#base|#config|#protocol|@sinclair\/typebox|\.\/channel\.ts)$/;
    expect(eager.filter((from) => !light.test(from ?? ""))).toEqual([]);
  }
});

describe.each([...platforms])("every channel: $channel", ({ channel: id, openFake, hasNoToken }) => {
  const messageTo = (chat: string, text: string, clientKey = "key-1"): OutboundMessage => ({
    to: { channel: id, account: "main", chat },
    text,
    clientKey,
  });

  test("a message comes in once, and is acknowledged only after it was received", async () => {
    await using platform = await openFake();
    const kept = Promise.withResolvers<void>();
    platform.says("hello");
    await using line = await openChannelLine(platform.channel, platform.settings, { receive: () => kept.promise });
    await until("the message", () => line.received.length > 0);
    expect(line.received[0]).toMatchObject({
      type: "message",
      text: "hello",
      from: { channel: id, account: "main", chat: platform.chat },
      place: { kind: "direct" },
    });
    expect(platform.unacknowledged).toBe(1);
    kept.resolve();
    await until("the acknowledgement", () => platform.unacknowledged === 0);
    platform.says("again");
    await until("the next one", () => line.texts.includes("again"));
    expect(line.texts).toEqual(["hello", "again"]);
  });

  test("what could not be taken comes again, under the same id", async () => {
    await using platform = await openFake();
    let tries = 0;
    await using line = await openChannelLine(platform.channel, platform.settings, {
      receive: async () => {
        if (++tries < 3) throw new Error("the disk is full");
      },
    });
    platform.says("keep me");
    await until("three tries and the acknowledgement", () => tries === 3 && platform.unacknowledged === 0);
    expect(new Set(line.received.map((update) => update.id)).size).toBe(1);
    expect(line.texts).toEqual(["keep me", "keep me", "keep me"]);
  });

  test("what was taken before a crash comes again under the same id, when nobody was told", async () => {
    await using platform = await openFake();
    platform.says("first");
    const ids: string[] = [];
    const notes = new Map<string, string>();
    for (let life = 0; life < 2; life++) {
      const isLast = life === 1;
      await using line = await openChannelLine(platform.channel, platform.settings, {
        notes,
        receive: async () => {
          if (!isLast) throw new Error("and then the process died");
        },
      });
      await until("the message", () => line.received.length > 0);
      ids.push(line.received[0]?.id ?? "none");
    }
    expect(ids[0]).toBe(ids[1] ?? "other");
  });

  test("a sent message is there under the id that was given", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const sent = await line.connection.send(messageTo(platform.chat, "hello you"), never);
    if ("refused" in sent) throw new Error(sent.problem);
    expect(platform.shown(sent.messageId)?.text).toBe("hello you");
  });

  test("files are there with their names and all of their bytes, a recording as what can be heard where the platform has that", async () => {
    await using platform = await openFake();
    expect(platform.channel.files?.mostBytes).toBeGreaterThan(1024 * 1024);
    await using line = await openChannelLine(platform.channel, platform.settings);
    const hasVoice = id === "telegram";
    for (const [nth, asVoice] of [false, true].entries()) {
      const name = `note-${nth}.mp3`;
      const file = { name, mimeType: "audio/mpeg", bytes: Buffer.from(`sound ${nth}`), asVoice };
      const sent = await line.connection.send(
        { ...messageTo(platform.chat, "hear", `key-${nth}`), files: [file] },
        never,
      );
      if ("refused" in sent) throw new Error(sent.problem);
      expect(platform.shown(sent.messageId)?.text).toBe("hear");
      const files = await platform.files();
      expect(files.at(-1)).toEqual({ name, text: `sound ${nth}`, isVoice: hasVoice && asVoice });
      expect(files).toHaveLength(nth + 1);
    }
  });

  test("a platform that asks for a pause refuses for now, and says how long", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    platform.next("rateLimited");
    const outcome = await line.connection.send(messageTo(platform.chat, "too much"), never);
    expect(outcome).toMatchObject({ refused: "forNow", retryAfterMs: 60_000 });
    expect(platform.shownCount).toBe(0);
  });

  test("a chat that is gone refuses for good", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const outcome = await line.connection.send(messageTo(platform.goneChat, "anybody?"), never);
    expect(outcome).toMatchObject({ refused: "forGood", problem: expect.stringMatching(/\w/) });
  });

  test("a lost answer leaves it open whether the message is there; find tells, where the platform can", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    platform.next("lostAnswer");
    const message = messageTo(platform.chat, "are you there");
    const outcome = await line.connection.send(message, never).catch(() => "in doubt");
    expect(outcome).toBe("in doubt");
    expect(platform.shownCount).toBe(1);
    const found = await line.connection.find?.(message, never);
    if (line.connection.find) expect(platform.shown(found?.messageId ?? "")?.text).toBe("are you there");
    const other = await line.connection.find?.({ ...message, clientKey: "key-2" }, never);
    expect(other).toBeUndefined();
  });

  test("a message of ours is edited, reacted to and deleted, where the channel can", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const { connection } = line;
    const sent = await connection.send(messageTo(platform.chat, "one"), never);
    if ("refused" in sent) throw new Error(sent.problem);
    const posted = { to: { channel: id, account: "main", chat: platform.chat }, messageId: sent.messageId };
    if (connection.edit) {
      expect(await connection.edit(posted, "two", never)).toBeUndefined();
      expect(platform.shown(sent.messageId)?.text).toBe("two");
      expect(await connection.edit(posted, "two", never)).toBeUndefined();
    }
    if (connection.react) {
      expect(await connection.react(posted, { emoji: "👍", isAdded: true }, never)).toBeUndefined();
      expect(platform.shown(sent.messageId)?.reactions).toEqual(["👍"]);
      expect(await connection.react(posted, { emoji: "👍", isAdded: false }, never)).toBeUndefined();
      expect(platform.shown(sent.messageId)?.reactions).toEqual([]);
    }
    if (connection.delete) {
      expect(await connection.delete(posted, never)).toBeUndefined();
      expect(platform.shown(sent.messageId)).toBeUndefined();
      expect(await connection.delete(posted, never)).toBeUndefined();
    }
  });

  test("a button is shown below its message, and who presses it says its data, where the channel has buttons", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    if (!platform.channel.abilities?.includes("buttons"))
      return expect("press" in platform && platform.press !== undefined).toBe(false);
    await until("being online", () => line.connection.state === "online" && platform.isListening);
    const buttons = [[{ label: "Yes", data: "go:1" }], [{ label: "No", data: "stop:1" }]];
    const sent = await line.connection.send({ ...messageTo(platform.chat, "May I?"), buttons }, never);
    if ("refused" in sent) throw new Error(sent.problem);
    platform.press?.(sent.messageId, "No");
    await until("the press", () => line.received.length > 0);
    const { messageId } = sent;
    const from = { channel: id, account: "main", chat: platform.chat };
    expect(line.received[0]).toMatchObject({
      type: "button",
      data: "stop:1",
      messageId,
      from,
      place: { kind: "direct" },
    });
  });

  test("a message that grows is one, each step may be said again, and an edit is its end, where the channel can", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const { connection } = line;
    if (!connection.grow || !connection.edit) return expect(id).toBe("webhook");
    const threads = platform.typingThread === undefined ? [undefined] : [undefined, platform.typingThread];
    for (const [i, thread] of threads.entries()) {
      const to = { channel: id, account: "main", chat: platform.chat, ...(thread === undefined ? {} : { thread }) };
      const message = { ...messageTo(platform.chat, "one", `grows-${i}`), to };
      const begun = await connection.grow({ message }, never);
      if ("refused" in begun) throw new Error(begun.problem);
      const { messageId } = begun;
      expect(platform.shown(messageId)?.text).toBe(begun.isBlank ? "" : "one");
      for (const text of ["one **tw", "one **tw", "one **two** <@1> thr"]) {
        expect(await connection.grow({ message: { ...message, text }, messageId }, never)).toEqual({ messageId });
      }
      expect(words(platform.shown(messageId)?.text)).toContain("one two");
      const posted = { to, messageId };
      expect(await connection.edit(posted, "one **two** three", never)).toBeUndefined();
      expect(await connection.edit(posted, "one **two** three", never)).toBeUndefined();
      expect(words(platform.shown(messageId)?.text)).toBe("one two three");
      expect(platform.shownCount).toBe(i + 1);
    }
  });

  test("a beginning without an answer is in doubt as any message, and one in a chat that is gone is refused for good", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const { connection } = line;
    const message = messageTo(platform.chat, "one", "grows");
    platform.next("lostAnswer");
    const begun = await connection.grow?.({ message }, never).catch(() => "in doubt");
    if (!connection.grow) return expect(begun).toBeUndefined();
    expect(begun).toBe("in doubt");
    const found = await connection.find?.(message, never);
    if (connection.find) expect(platform.shown(found?.messageId ?? "")?.text).toBe("one");
    const gone = await connection.grow({ message: messageTo(platform.goneChat, "one", "gone") }, never);
    expect(gone).toMatchObject({ refused: "forGood" });
  });

  test("an edit is refused for a while, lost, or too late, and each is told apart", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const { connection } = line;
    if (!connection.edit || !connection.delete) return expect(id).toBe("webhook");
    const message = messageTo(platform.chat, "one");
    const sent = await connection.send(message, never);
    if ("refused" in sent) throw new Error(sent.problem);
    const posted = { to: message.to, messageId: sent.messageId };
    platform.next("lostAnswer", "edit");
    expect(await connection.edit(posted, "two", never).catch(() => "in doubt")).toBe("in doubt");
    expect(platform.shown(sent.messageId)?.text).toBe("two");
    expect(await connection.edit(posted, "two", never)).toBeUndefined();
    await connection.delete(posted, never);
    expect(await connection.edit(posted, "three", never)).toMatchObject({ refused: "forGood" });
    platform.next("rateLimited", "edit");
    const limited = await connection.grow?.({ message, messageId: sent.messageId }, never);
    expect(limited).toMatchObject({ refused: "forNow", retryAfterMs: 60_000 });
  });

  test("typing and drafts are shown, where the channel can, and are no messages", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const { connection } = line;
    const { chat, typingThread: thread } = platform;
    const to = { channel: id, account: "main", chat, ...(thread === undefined ? {} : { thread }) };
    await connection.typing?.(to, never);
    if (connection.typing) expect(platform.typings).toBe(1);
    expect(await connection.draft?.(to, "draft-1", "growing", never)).toBeUndefined();
    if (connection.draft) expect(platform.drafts).toEqual(["growing"]);
    await connection.typing?.({ ...to, chat: platform.goneChat }, never);
    expect(platform.shownCount).toBe(0);
  });

  test("what it says that it can do, it can, and nothing else", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.settings);
    const optional = ["delete", "draft", "edit", "find", "grow", "probe", "react", "take", "typing"] as const;
    const has = optional.filter((name) => line.connection[name] !== undefined);
    // Whether it is called depends on the account's mode; a menu and buttons are no part of the connection.
    const said = (platform.channel.abilities ?? []).filter((name) => name !== "menu" && name !== "buttons");
    expect(said.filter((name) => name !== "take")).toEqual(has.filter((name) => name !== "take"));
    expect(said).toEqual(said.toSorted());
  });

  test("it says when it is online, and leaves nothing running when it is closed", async () => {
    await using platform = await openFake();
    const line = await openChannelLine(platform.channel, platform.settings);
    await until("being online", () => line.connection.state === "online" && platform.isListening);
    expect(line.connection.problem).toBeUndefined();
    expect(line.changes).toBeGreaterThan(0);
    await line[Symbol.asyncDispose]();
    await until("nobody listening", () => !platform.isListening);
    platform.says("to nobody");
    expect(platform.unacknowledged).toBe(1);
    expect(line.received).toEqual([]);
  });

  test.skipIf(hasNoToken ?? false)("a wrong token is named, does not spin, and is in no log line", async () => {
    await using platform = await openFake();
    await using line = await openChannelLine(platform.channel, platform.wrongSettings);
    await until("a problem with the token", () => /token/i.test(line.connection.problem ?? ""));
    expect(line.connection.state).toBe("offline");
    const before = platform.strangers;
    const probes = 20;
    for (let i = 0; i < probes; i++) await line.connection.probe?.(never).catch(() => undefined);
    // Whoever spins asks between the probes.
    expect(platform.strangers - before).toBeLessThanOrEqual(line.connection.probe ? probes : 0);
    expect(line.log.join("\n")).not.toContain("of_nobody");
  });
});

/** Without the signs of any platform. */
function words(text: string | undefined): string {
  return (text ?? "").replaceAll(/[*\u200B]/g, "");
}
