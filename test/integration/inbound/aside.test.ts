import { expect, test } from "bun:test";
import { FakeLine } from "../../support/fake-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { key, over, Walk } from "../../support/walk.ts";

const ann = { allowFrom: ["1"] };

/** Breaks with what begins with a slash, as long as it is broken. */
function fragile() {
  const state = { isBroken: true };
  const command = async ({ text }: { readonly text: string }) => {
    if (state.isBroken) throw new TypeError(`boom\nat ${text}`);
    return async () => `done ${text}`;
  };
  return { state, command };
}

async function putAside(walk: Walk, line: FakeLine, text: string): Promise<string> {
  const update = line.message(text);
  for (let round = 0; round < 4; round++) await expect(walk.inbound.take(update, line)).rejects.toThrow("boom");
  await walk.inbound.take(update, line);
  const listed = await walk.inbound.asides.list({ limit: 100 });
  const found = listed.find((one) => one.text === text);
  if (!found) throw new Error("it was not put aside");
  return found.id;
}

test("what was put aside is listed with its sender, its words and the reason, page by page", async () => {
  using folder = tempFolder();
  const line = new FakeLine(ann);
  await using walk = new Walk({ folder: folder.path, channels: [line], command: fragile().command });
  await putAside(walk, line, "/one");
  await putAside(walk, line, "/two");
  const [first, second, ...more] = await walk.inbound.asides.list({ limit: 10 });
  expect(more).toEqual([]);
  expect(new Set([first?.text, second?.text])).toEqual(new Set(["/one", "/two"]));
  expect(first).toMatchObject({
    isWhole: true,
    senderId: "1",
    from: { channel: "pigeon", account: "default", chat: "1" },
  });
  expect(first?.problem).toBe("TypeError: boom");
  const page = await walk.inbound.asides.list({ limit: 10, after: first?.id ?? "" });
  expect(page).toEqual([second as never]);
});

test("it is taken again once, however often that is asked for", async () => {
  using folder = tempFolder();
  const line = new FakeLine(ann);
  const { state, command } = fragile();
  await using walk = new Walk({ folder: folder.path, channels: [line], command });
  const id = await putAside(walk, line, "/one");
  await expect(walk.inbound.asides.replay(id)).rejects.toMatchObject({ code: "replayFailed" });
  state.isBroken = false;
  await Promise.all([walk.inbound.asides.replay(id), walk.inbound.asides.replay(id)]);
  await until("the answer", () => line.texts.includes("done /one"));
  await expect(walk.inbound.asides.replay(id)).rejects.toMatchObject({ code: "deadLetterNotFound" });
  expect((await walk.log(key)).filter(({ kind }) => kind === "MessageReceived")).toHaveLength(1);
  expect(line.texts).toEqual(["done /one"]);
});

test("what a crash cuts off between taking it and forgetting it is not taken a second time", async () => {
  using folder = tempFolder();
  const line = new FakeLine(ann);
  const { state, command } = fragile();
  let keeps = false;
  await using walk = new Walk({
    folder: folder.path,
    channels: [line],
    command,
    between: (storage) =>
      over(storage, {
        writeRecords: async (writes) => {
          if (keeps && writes.some(({ kind, data }) => kind === "inbound-aside" && data === undefined)) {
            throw new Error("and then the process died");
          }
          return storage.writeRecords(writes);
        },
      }),
  });
  const id = await putAside(walk, line, "/one");
  state.isBroken = false;
  keeps = true;
  await expect(walk.inbound.asides.replay(id)).rejects.toThrow("died");
  keeps = false;
  await walk.inbound.asides.replay(id);
  expect((await walk.log(key)).filter(({ kind }) => kind === "MessageReceived")).toHaveLength(1);
});

test("who is not let in any more is not taken in through it, and it is kept", async () => {
  using folder = tempFolder();
  const { command } = fragile();
  let id = "";
  {
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], command });
    id = await putAside(walk, line, "/one");
  }
  const line = new FakeLine({ dmPolicy: "allowlist", allowFrom: ["2"] });
  await using walk = new Walk({ folder: folder.path, channels: [line] });
  await expect(walk.inbound.asides.replay(id)).rejects.toThrow("who wrote it is not let in now");
  expect(await walk.log(key)).toEqual([]);
  expect(await walk.inbound.asides.list({ limit: 1 })).toHaveLength(1);
});

test("without its account it is kept, and dropped it is gone", async () => {
  using folder = tempFolder();
  const { command } = fragile();
  let id = "";
  {
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line], command });
    id = await putAside(walk, line, "/one");
  }
  await using walk = new Walk({ folder: folder.path, channels: [] });
  await expect(walk.inbound.asides.replay(id)).rejects.toThrow("the account default of pigeon is not open");
  await walk.inbound.asides.drop(id);
  await expect(walk.inbound.asides.drop(id)).rejects.toMatchObject({ code: "deadLetterNotFound" });
  expect(await walk.inbound.asides.list({ limit: 1 })).toEqual([]);
});

test("what could not be kept whole says so, and is not taken again", async () => {
  using folder = tempFolder();
  const line = new FakeLine(ann);
  await using walk = new Walk({ folder: folder.path, channels: [line] });
  const poison = line.message(undefined as never);
  for (let round = 0; round < 4; round++) await expect(walk.inbound.take(poison, line)).rejects.toThrow(TypeError);
  await walk.inbound.take(poison, line);
  const [one] = await walk.inbound.asides.list({ limit: 10 });
  expect(one).toMatchObject({ isWhole: false, problem: expect.stringContaining("TypeError") });
  await expect(walk.inbound.asides.replay(one?.id ?? "")).rejects.toThrow("it was not kept whole");
});

test("messages that were taken and found no turn go on together, once, in the order in which they were said", async () => {
  using folder = tempFolder();
  const line = new FakeLine(ann);
  const state = { isBroken: true };
  await using walk = new Walk({
    folder: folder.path,
    channels: [line],
    inbound: { messages: { inbound: { debounceMs: 30 }, groupHistory: 0 } },
    between: (storage) =>
      over(storage, {
        append: async (append) => {
          if (state.isBroken && append.receipt) throw new TypeError("boom");
          return storage.append(append);
        },
      }),
  });
  for (const text of ["one", "two"]) await walk.inbound.take(line.message(text), line);
  const aside = () => walk.inbound.asides.list({ limit: 10 });
  const [kept] = await until("them to be put aside", async () => ((await aside()).length > 0 ? aside() : undefined));
  expect(kept).toMatchObject({ text: "one\ntwo", senderId: "1", isWhole: true });
  state.isBroken = false;
  const id = kept?.id ?? "";
  const asked = await Promise.allSettled([walk.inbound.asides.replay(id), walk.inbound.asides.replay(id)]);
  expect(asked.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  await until("the answer", () => line.texts.includes("echo one\ntwo"));
  await expect(walk.inbound.asides.replay(id)).rejects.toMatchObject({ code: "deadLetterNotFound" });
  expect((await walk.log(key)).filter(({ kind }) => kind === "MessageReceived")).toHaveLength(1);
  expect(await walk.storage.records({ kind: "inbound-waiting", limit: 10 })).toEqual([]);
});
