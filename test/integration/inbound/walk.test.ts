import { describe, expect, test } from "bun:test";
import type { Attachment } from "#channels";
import { fault } from "#protocol";
import type { Storage } from "#storage";
import { FakeLine, group } from "../../support/fake-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { Gates, key, lastText, over, Walk, type WalkOptions } from "../../support/walk.ts";

const ann = { allowFrom: ["1", "2"], groupAllowFrom: ["1", "2"] };
const bob = { id: "2", name: "Bob", isBot: false };
const quiet = (debounceMs: number): NonNullable<WalkOptions["inbound"]> => ({
  messages: { inbound: { debounceMs }, groupHistory: 20 },
});

async function received(walk: Walk, of = key): Promise<string[]> {
  return (await walk.log(of)).flatMap((event) => (event.kind === "MessageReceived" ? [event.text] : []));
}

/** Takes no record away. */
const forgetful = (storage: Storage) =>
  over(storage, {
    writeRecords: async (writes) => {
      if (writes.some(({ data }) => data === undefined)) throw fault.storageUnavailable({ problem: "cut off" });
      return storage.writeRecords(writes);
    },
  });

function waitingIn(walk: Walk) {
  return walk.storage.records({ kind: "inbound-waiting", limit: 10 });
}

describe("a message from a platform", () => {
  test("is on disk when it was taken, is answered where it came from, and what it was answered with is recorded", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann, { account: "a" });
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    const update = line.message("hello");
    await walk.inbound.take(update, line);
    const [message] = (await walk.log(key)).filter(({ kind }) => kind === "MessageReceived");
    const from = { channel: "pigeon", account: "a", chat: "1" };
    expect(message).toMatchObject({ messageId: update.messageId, from, sender: "1", text: "hello" });
    await until("the answer", () => line.texts.includes("echo hello"));
    expect(line.got[0]?.to).toEqual(from);
    await until("its record", async () => (await walk.log(key)).some(({ kind }) => kind === "MessageSent"));
  });

  test("REL-11: that comes a hundred times at once, and again after a restart, is one turn", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const update = line.message("hello");
    {
      await using walk = new Walk({ folder: folder.path, channels: [line] });
      await Promise.all(Array.from({ length: 100 }, () => walk.inbound.take(update, line)));
      await until("the answer", () => line.got.length > 0);
    }
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await Promise.all(Array.from({ length: 100 }, () => walk.inbound.take(update, line)));
    expect(await received(walk)).toEqual(["hello"]);
    expect(line.texts).toEqual(["echo hello"]);
  });

  test("REL-11: that comes a hundred times at once while more is waited for is told to the model once", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(20) });
    const update = line.message("hello");
    await Promise.all(Array.from({ length: 100 }, () => walk.inbound.take(update, line)));
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual(["hello"]);
  });

  test("with an id that another account's message has is another message", async () => {
    using folder = tempFolder();
    const [a, b] = [new FakeLine(ann), new FakeLine(ann, { account: "b" })];
    await using walk = new Walk({ folder: folder.path, channels: [a, b] });
    await walk.inbound.take(a.message("one"), a);
    await walk.inbound.take(b.message("two"), b);
    await until("both", () => a.texts.includes("echo one") && b.texts.includes("echo two"));
  });

  test("that the disk does not take is not taken, so that the platform brings it again", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    walk.freeze();
    const update = line.message("hello");
    for (let round = 0; round < 7; round++) {
      await expect(walk.inbound.take(update, line)).rejects.toMatchObject({ code: "storageUnavailable" });
    }
  });

  test("REL-11: that breaks us is put aside the fifth time, and the next one is answered", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    const poison = line.message(undefined as never);
    for (let round = 0; round < 4; round++) await expect(walk.inbound.take(poison, line)).rejects.toThrow(TypeError);
    await walk.inbound.take(poison, line);
    const [aside] = await walk.storage.records({ kind: "inbound-aside", limit: 10 });
    expect(aside?.data).toContain(poison.messageId);
    await walk.inbound.take(line.message("next"), line);
    await until("the answer", () => line.texts.includes("echo next"));
  });

  test("for which its session has no room waits on disk, in order, and is answered when there is room", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    const line = new FakeLine(ann);
    const texts = Array.from({ length: 5 }, (_, n) => `m${n}`);
    {
      await using walk = new Walk({
        folder: folder.path,
        channels: [line],
        answer: gates.answer,
        limits: { perLane: 2 },
      });
      for (const text of texts) await walk.inbound.take(line.message(text), line);
      expect(await received(walk)).toEqual(["m0", "m1"]);
    }
    for (const text of texts) gates.open(text);
    await using walk = new Walk({
      folder: folder.path,
      channels: [line],
      answer: gates.answer,
      limits: { perLane: 2 },
    });
    await walk.gateway.recover();
    await walk.inbound.recover();
    await until("all answers", () => line.got.length === 5);
    expect(line.texts).toEqual(texts.map((text) => `echo ${text}`));
    expect(await walk.storage.records({ kind: "inbound-waiting", limit: 10 })).toEqual([]);
  });
});

describe("messages that come one after the other", () => {
  test("from one person are one turn, and are on disk before it begins; each is known when it comes again", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(150) });
    const updates = ["one", "two", "three"].map((text) => line.message(text));
    for (const update of updates) await walk.inbound.take(update, line);
    expect(await walk.storage.records({ kind: "inbound-waiting", limit: 10 })).toHaveLength(3);
    for (const update of updates) await walk.inbound.take(update, line);
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual(["one\ntwo\nthree"]);
    await until(
      "nothing to wait",
      async () => (await walk.storage.records({ kind: "inbound-waiting", limit: 10 })).length === 0,
    );
    for (const update of updates) await walk.inbound.take(update, line);
    await Bun.sleep(200); // as long as something that was taken for new would have waited
    expect(await received(walk)).toHaveLength(1);
  });

  test("do not wait behind one that was answered before and comes again", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(100) });
    const first = line.message("one");
    await walk.inbound.take(first, line);
    await until("the answer", () => line.texts.includes("echo one"));
    await until("nothing to wait", async () => (await waitingIn(walk)).length === 0);
    await walk.inbound.take(first, line);
    await walk.inbound.take(line.message("two"), line);
    await until("the other answer", () => line.texts.includes("echo two"));
    expect(await received(walk)).toEqual(["one", "two"]);
  });

  test("are one turn also when the gateway ends between the log and the note that they need wait no more", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const updates = ["one", "two"].map((text) => line.message(text));
    {
      await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(50), between: forgetful });
      for (const update of updates) await walk.inbound.take(update, line);
      await until("the turn", async () => (await received(walk)).length > 0);
      expect(await waitingIn(walk)).toHaveLength(2);
    }
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(50) });
    await walk.gateway.recover();
    await walk.inbound.recover();
    await until("nothing to wait", async () => (await waitingIn(walk)).length === 0);
    for (const update of updates) await walk.inbound.take(update, line);
    await walk.inbound.take(line.message("three"), line);
    await until("the last answer", () => line.texts.includes("echo three"));
    expect(await received(walk)).toEqual(["one\ntwo", "three"]);
  });

  test("survive the end of the gateway while they wait", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const updates = ["one", "two"].map((text) => line.message(text));
    {
      await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(10_000) });
      for (const update of updates) await walk.inbound.take(update, line);
    }
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(10_000) });
    await walk.inbound.recover();
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual(["one\ntwo"]);
    for (const update of updates) await walk.inbound.take(update, line);
    expect(await received(walk)).toEqual(["one\ntwo"]);
  });

  test("SEC-28: from two people are two turns, and a command is its own sender's alone", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const judged: boolean[] = [];
    const command: WalkOptions["command"] = async ({ text, scopes }) => {
      if (text !== "/config") return undefined;
      judged.push(scopes.has("operator.admin"));
      return async () => "no";
    };
    const inbound = { ...quiet(100), commands: { ownerAllowFrom: ["pigeon:1"] } };
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound, command });
    await walk.inbound.take(line.message("hello"), line);
    await walk.inbound.take(line.message("hi", { sender: bob }), line);
    await walk.inbound.take(line.message("/config", { sender: bob }), line);
    await walk.inbound.take(line.message("please do /config"), line);
    await until("all", async () => (await received(walk)).length === 4);
    expect(judged).toEqual([false]);
    expect((await received(walk)).toSorted()).toEqual(["/config", "hello", "hi", "please do /config"]);
  });

  test("join up to a bound, and what is beyond is the next turn", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(100) });
    for (let n = 0; n < 14; n++) await walk.inbound.take(line.message(`m${n}`), line);
    await until("both turns", async () => (await received(walk)).length === 2);
    expect((await received(walk)).map((text) => text.split("\n").length)).toEqual([12, 2]);
  });

  test("an edit changes one that still waits", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(150) });
    const update = line.message("helo");
    await walk.inbound.take(update, line);
    const edit = {
      type: "edited",
      messageId: update.messageId,
      text: "hello",
      isToUs: true,
      ...line.about("e1"),
    } as const;
    await walk.inbound.take(edit, line);
    await until("the answer", () => line.got.length > 0);
    expect(await received(walk)).toEqual(["hello"]);
  });

  test("an edit changes the words alone: who speaks in a group, and what is quoted, stays", async () => {
    using folder = tempFolder();
    const line = new FakeLine({ groupPolicy: "open", groupAllowFrom: ["ann"] });
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: quiet(150) });
    const place = { kind: "group" } as const;
    const quoted = { messageId: "q", sender: { id: "ann", isBot: false }, text: "soup?", isOurs: false };
    const update = { ...line.message("helo", { quoted }), place };
    await walk.inbound.take(update, line);
    const edit = {
      ...line.about("e1"),
      type: "edited",
      messageId: update.messageId,
      text: "hello",
      isToUs: true,
      place,
    } as const;
    await walk.inbound.take(edit, line);
    await until("the answer", () => line.got.length > 0);
    const told = lastText(walk.asked[0]);
    expect(told).toContain("soup?");
    expect(told.split("\n").at(-1)).toMatch(/^\[Ann \(1\)\] hello$/);
  });

  test("a long text that a client has cut is put together without being asked for", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.take(line.message("x".repeat(4_000)), line);
    await walk.inbound.take(line.message("and its end"), line);
    await until("the turn", async () => (await received(walk)).length > 0);
    expect(await received(walk)).toEqual([`${"x".repeat(4_000)}\nand its end`]);
  });
});

describe("files", () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2]);
  const file = (more: Partial<Attachment> = {}): Attachment => ({
    id: "f",
    kind: "image",
    name: "a].png",
    fetch: async () => png,
    ...more,
  });

  test("of an album are kept, told to the model by what they are, and the album is one turn", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    for (const text of ["look", ""]) {
      await walk.inbound.take(
        line.message(text, { bundle: "b", attachments: [file({ mimeType: "text/html" })] }),
        line,
      );
    }
    await until("the turn", async () => (await received(walk)).length > 0);
    const [text = ""] = await received(walk);
    const hash = new Bun.CryptoHasher("sha256").update(png).digest("hex");
    const told = `[attached: image a .png; image/png, 6 bytes, blob ${hash}]`;
    expect(text).toBe(`look\n${told}\n${told}`);
    expect((await walk.storage.blob(hash))?.mimeType).toBe("image/png");
  });

  test.each([
    ["without words", ["", "", ""], ["[Ann (1)] ", "a", "b", "c"]],
    ["with words at its end", ["", "", "look"], ["[Ann (1)] ", "a", "b", "[Ann (1)] look", "c"]],
  ])("of an album %s in a group stand under one name", async (_what, words, expected) => {
    using folder = tempFolder();
    const line = new FakeLine({ ...ann, groupPolicy: "open" });
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    for (const [at, text] of words.entries()) {
      const name = ["a", "b", "c"][at] ?? "";
      await walk.inbound.take(line.message(text, { place: group, bundle: "b", attachments: [file({ name })] }), line);
    }
    const there = "agent:main:pigeon:group:1";
    await until("the turn", async () => (await received(walk, there)).length > 0);
    const [text = ""] = await received(walk, there);
    expect(text.replaceAll(/\[attached: image (\w).*\]/g, "$1")).toBe(expected.join("\n"));
  });

  test("of an album without the words go where the words go, and of no other album", async () => {
    using folder = tempFolder();
    const line = new FakeLine({ groupPolicy: "open" });
    const bindings = [
      { action: "drop", match: { channel: "pigeon", pattern: "*buy now*" } },
      { action: "reply", text: "We are closed.", match: { channel: "pigeon", pattern: "hours?" } },
    ] as const;
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: { bindings } });
    const said: readonly (readonly [string, string, boolean])[] = [
      ["a", "buy now", true],
      ["a", "", false],
      ["b", "hours?", true],
      ["b", "", false],
      ["c", "not to you", false],
      ["c", "", false],
      ["d", "look", true],
      ["d", "", false],
      ["e", "", false],
    ];
    for (const [bundle, text, isToUs] of said) {
      const more = {
        bundle,
        isToUs,
        attachments: [file({ name: `${bundle}.png` })],
        place: { kind: "group" } as const,
      };
      await walk.inbound.take(line.message(text, more), line);
    }
    await walk.inbound.take(line.message("that is all", { place: { kind: "group" } }), line);
    await until("the last turn", () => walk.asked.some((request) => lastText(request).includes("that is all")));
    await until("the reply", () => line.texts.includes("We are closed."));
    expect(line.texts.filter((text) => text === "We are closed.")).toHaveLength(1);
    expect(walk.asked).toHaveLength(2);
    const names = lastText(walk.asked[0]).match(/image \w+/g);
    expect(names).toEqual(["image d", "image d"]);
  });

  test("that are too large or cannot be had are said to be, and the message is answered", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    const attachments = [
      file({ bytes: 30_000_000 }),
      file({ fetch: async (most) => new Uint8Array(most + 1) }),
      file({ fetch: () => Promise.reject(new Error("gone")) }),
    ];
    await walk.inbound.take(line.message("look", { attachments }), line);
    await walk.wasAsked(1);
    const lines = lastText(walk.asked[0]).split("\n");
    expect(lines[0]).toBe("look");
    expect(lines.slice(1).map((one) => one.split("; ")[1])).toEqual([
      "too large, left out]",
      "could not be read]",
      "could not be read]",
    ]);
  });
});

describe("bindings", () => {
  test("drop, or answer without a turn", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const bindings = [
      { action: "drop", match: { channel: "pigeon", pattern: "*buy now*" } },
      { action: "reply", text: "We are closed.", match: { channel: "pigeon", pattern: "hours?" } },
    ] as const;
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: { bindings } });
    await walk.inbound.take(line.message("please BUY NOW!"), line);
    await walk.inbound.take(line.message("hours?"), line);
    await until("the answer", () => line.got.length > 0);
    expect(line.texts).toEqual(["We are closed."]);
    expect(walk.asked).toEqual([]);
  });
});

test("two programs that answer each other are stopped; a person who writes much at once is not", async () => {
  using folder = tempFolder();
  const line = new FakeLine(ann);
  await using walk = new Walk({ folder: folder.path, channels: [line], limits: { perLane: 100 } });
  const at = Date.now() - 1;
  for (let n = 0; n < 60; n++) await walk.inbound.take(line.message(`m${n}`, { at }), line);
  await until("all", () => line.got.length === 60);
  let rounds = 0;
  for (; rounds < 40; rounds++) {
    const before = await recorded(walk);
    await until("the record of what was sent", async () => (await recorded(walk)) >= line.got.length);
    await walk.inbound.take(line.message("pong"), line);
    const asked = await received(walk);
    if (asked.length === 60 + rounds) break;
    await until("the answer", async () => (await recorded(walk)) > before);
  }
  expect(rounds).toBeGreaterThanOrEqual(19);
  expect(rounds).toBeLessThan(40);
  await walk.inbound.take(line.message("later", { at: Date.now() + 61_000 }), line);
  await until("an answer again", () => line.texts.includes("echo later"));
});

async function recorded(walk: Walk): Promise<number> {
  return (await walk.log(key)).filter(({ kind }) => kind === "MessageSent").length;
}

describe("what a chat sees", () => {
  test("a long answer comes in pieces that fit, in order, and nothing of it twice", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann, { limit: { most: 100, unit: "utf16" } });
    const words = Array.from({ length: 200 }, (_, n) => `word${n}`);
    const answer = () => [
      { type: "text", delta: words.join(" ") } as const,
      { type: "done", stop: "stop", usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } } as const,
    ];
    await using walk = new Walk({ folder: folder.path, channels: [line], answer });
    await walk.inbound.take(line.message("hello"), line);
    await until("all of it", () => line.texts.join(" ").includes("word199"));
    expect(line.texts.every((text) => text.length <= 100)).toBe(true);
    expect(line.texts.join(" ").split(/\s+/)).toEqual(words);
  });

  test("its message is acknowledged once, we type while the turn works and not after, and the answer grows", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    const line = new FakeLine({ ...ann, streaming: "partial" });
    const answer: WalkOptions["answer"] = async function* (request, signal) {
      yield { type: "text", delta: "let me see" };
      yield* gates.answer(request, signal) as AsyncIterable<never>;
    };
    const inbound = { messages: { ackReaction: "👀", inbound: { debounceMs: 0 }, groupHistory: 0 } };
    await using walk = new Walk({ folder: folder.path, channels: [line], answer, inbound });
    const update = line.message("hello");
    for (let n = 0; n < 3; n++) await walk.inbound.take(update, line);
    await until("typing, and again", () => line.typed.length > 2);
    await until("a draft", () => line.drafts.includes("let me see"));
    gates.open("hello");
    await until("the answer", () => line.got.length > 0);
    expect(line.reactions).toMatchObject([{ messageId: update.messageId, emoji: "👀" }]);
    const typed = line.typed.length;
    await Bun.sleep(60); // three times as long as until the next would come
    expect(line.typed.length).toBe(typed);
  });

  test("a chat that is shown nothing of an answer before it is whole sees typing, and no more of it afterwards", async () => {
    using folder = tempFolder();
    const gates = new Gates();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], answer: gates.answer });
    await walk.inbound.take(line.message("hello"), line);
    await until("typing, and again", () => line.typed.length > 2);
    gates.open("hello");
    await until("the answer", () => line.got.length > 0);
    const typed = line.typed.length;
    await Bun.sleep(60); // three times as long as until the next would come
    expect(line.typed.length).toBe(typed);
    expect(line.drafts).toEqual([]);
  });

  test("an answer that comes at once is not announced by typing", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.take(line.message("hello"), line);
    await until("the answer", () => line.got.length > 0);
    expect(line.typed).toEqual([]);
  });

  test.each([
    ["off", [undefined, undefined]],
    ["first", ["m-u1", undefined]],
    ["all", ["m-u1", "m-u1"]],
  ] as const)("pieces are replies as the mode %s says", async (replyTo, expected) => {
    using folder = tempFolder();
    const line = new FakeLine({ ...ann, replyTo }, { limit: { most: 20, unit: "utf16" } });
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.take(line.message("aaaaaaaaaaaa bbbbbbbbbbbb"), line);
    await until("both pieces", () => line.got.length === 2);
    expect(line.got.map((message) => message.replyTo)).toEqual([...expected]);
  });
});
