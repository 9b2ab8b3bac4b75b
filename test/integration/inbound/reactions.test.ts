import { describe, expect, test } from "bun:test";
import { FakeLine } from "../../support/fake-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { key, Walk } from "../../support/walk.ts";

const reaction = (line: FakeLine, messageId: string, more: object = {}) =>
  ({
    ...line.about(`r-${Bun.randomUUIDv7()}`),
    type: "reaction",
    messageId,
    emoji: "👍",
    isAdded: true,
    ...more,
  }) as const;

async function told(settings: object, react: (line: FakeLine) => readonly Parameters<Walk["inbound"]["take"]>[0][]) {
  using folder = tempFolder();
  const line = new FakeLine({ allowFrom: ["1"], ...settings });
  await using walk = new Walk({ folder: folder.path, channels: [line] });
  await walk.inbound.take(line.message("hello"), line);
  await until("the record of the answer", async () => (await sent(walk)).length === 1);
  for (const update of react(line)) await walk.inbound.take(update, line);
  expect(walk.asked).toHaveLength(1);
  await walk.inbound.take(line.message("and now?"), line);
  await walk.inbound.take(line.message("still?"), line);
  await until("the answers", () => line.got.length === 3);
  return (await walk.log(key)).flatMap((event) => (event.kind === "MessageReceived" ? [event.text] : [])).slice(1);
}

describe("a reaction", () => {
  test("to a message of ours is told with the next message, once", async () => {
    const texts = await told({}, (line) => [
      reaction(line, "p1"),
      reaction(line, "p1", { emoji: "x]\n[y", isAdded: false }),
    ]);
    expect(texts).toEqual([
      "[Ann (1) reacted with 👍 to your message “echo hello”.]\n[Ann (1) took the reaction x y away from your message “echo hello”.]\nand now?",
      "still?",
    ]);
  });

  test("that the platform brings again, also after it was told, is told once; the same sign anew is another", async () => {
    using folder = tempFolder();
    const line = new FakeLine({ allowFrom: ["1"] });
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.take(line.message("hello"), line);
    await until("the record of the answer", async () => (await sent(walk)).length === 1);
    const [first, second] = [reaction(line, "p1"), reaction(line, "p1")];
    const edit = { ...line.about("e"), type: "edited", messageId: "m-u1", text: "hello you", isToUs: true } as const;
    for (const update of [first, edit, first, edit, second]) await walk.inbound.take(update, line);
    await walk.inbound.take(line.message("and now?"), line);
    for (const update of [first, edit, second]) await walk.inbound.take(update, line);
    await walk.inbound.take(line.message("still?"), line);
    await until("the answers", () => line.got.length === 3);
    const [, next = "", last] = (await walk.log(key)).flatMap((event) =>
      event.kind === "MessageReceived" ? [event.text] : [],
    );
    expect(next.split("reacted with")).toHaveLength(3);
    expect(next.split("hello you")).toHaveLength(2);
    expect(last).toBe("still?");
  });

  test.each([
    ["to somebody else's message", {}, "m-u1", {}, ["and now?", "still?"]],
    [
      "to somebody else's message, where all are wanted",
      { reactionNotifications: "all" },
      "m-u1",
      {},
      ["[Ann (1) reacted with 👍 to a message here.]\nand now?", "still?"],
    ],
    ["where none is wanted", { reactionNotifications: "off" }, "p1", {}, ["and now?", "still?"]],
    ["SEC-66: of a stranger", {}, "p1", { sender: { id: "666", name: "Ann", isBot: false } }, ["and now?", "still?"]],
    ["SEC-66: of a bot", {}, "p1", { sender: { id: "1", name: "Ann", isBot: true } }, ["and now?", "still?"]],
    [
      "in another chat",
      {},
      "p1",
      { from: { channel: "pigeon", account: "default", chat: "2" } },
      ["and now?", "still?"],
    ],
  ] as const)("%s is told as the settings say", async (_which, settings, messageId, more, expected) => {
    expect(await told(settings, (line) => [reaction(line, messageId, more)])).toEqual([...expected]);
  });

  test("to what has the id of a message of ours, but lies in another chat, is not to one of ours", async () => {
    using folder = tempFolder();
    const line = new FakeLine({ allowFrom: ["1"] });
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.take(line.message("hello"), line);
    await until("the record of the answer", async () => (await sent(walk)).length === 1);
    const elsewhere = { from: { channel: "pigeon", account: "default", chat: "2" } };
    await walk.inbound.take(reaction(line, "p1", elsewhere), line);
    await walk.inbound.take(line.message("and here?", elsewhere), line);
    await until("the answer", () => line.texts.includes("echo and here?"));
  });

  test("however many there are, the last few are told; an edit that comes too late is told like them", async () => {
    const [text = ""] = await told({}, (line) => [
      ...Array.from({ length: 30 }, (_, n) => reaction(line, "p1", { emoji: `e${n}` })),
      { ...line.about("e"), type: "edited", messageId: "m-u1", text: "hello you\nthere", isToUs: true } as const,
    ]);
    expect(text.split("\n")).toHaveLength(9 + 3 + 1);
    expect(text).toEndWith(
      "e29 to your message “echo hello”.]\n[Ann (1) changed an earlier message, which now says:]\n> hello you\n> there\nand now?",
    );
  });
});

async function sent(walk: Walk) {
  return (await walk.log(key)).filter(({ kind }) => kind === "MessageSent");
}
