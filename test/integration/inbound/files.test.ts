import { describe, expect, test } from "bun:test";
import type { Attachment } from "#channels";
import type { EventOf } from "#protocol";
import { FakeLine, group } from "../../support/fake-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { key, over, Walk, type WalkOptions } from "../../support/walk.ts";

const ann = { allowFrom: ["1"], groupAllowFrom: ["1"] };
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2]);
const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 1]);
const hashOf = (bytes: Uint8Array) => Bun.SHA256.hash(bytes, "hex");
const pngFile = { blob: hashOf(png), mimeType: "image/png", bytes: 6 };
const jpegFile = { blob: hashOf(jpeg), mimeType: "image/jpeg", bytes: 4 };

function photo(bytes: Uint8Array, more: Partial<Attachment> = {}): Attachment {
  return { id: "f", kind: "image", fetch: async () => bytes, ...more };
}

async function received(walk: Walk, sessionKey = key): Promise<EventOf<"MessageReceived">[]> {
  return (await walk.log(sessionKey)).filter((event) => event.kind === "MessageReceived");
}

async function filesIn(walk: Walk, sessionKey = key) {
  const messages = await until("the message", async () => {
    const found = await received(walk, sessionKey);
    return found.length > 0 ? found : undefined;
  });
  return messages.map(({ files }) => files);
}

describe("the files of a message are named in the log", () => {
  test("by what they are and as they were called, without those that could not be had; a message without has none", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    const gone = photo(png, { fetch: () => Promise.reject(new Error("gone")) });
    const attachments = [photo(png, { name: "a].png", mimeType: "text/html" }), gone, photo(jpeg, { kind: "file" })];
    await walk.inbound.take(line.message("look", { attachments }), line);
    await until("the answer", () => line.got.length === 1);
    await walk.inbound.take(line.message("and?"), line);
    await until("the other answer", () => line.got.length === 2);
    expect(await filesIn(walk)).toEqual([[{ ...pngFile, name: "a .png" }, jpegFile], undefined]);
    expect((await received(walk)).map((event) => "files" in event)).toEqual([true, false]);
  });

  test("all those of an album, once, however often it comes", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    const album = [png, jpeg].map((bytes) => line.message("", { bundle: "b", attachments: [photo(bytes)] }));
    for (const update of [...album, ...album]) await walk.inbound.take(update, line);
    await until("the answer", () => line.got.length === 1);
    for (const update of album) await walk.inbound.take(update, line);
    expect(await filesIn(walk)).toEqual([[pngFile, jpegFile]]);
  });

  test("for each agent that hears it", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const inbound: WalkOptions["inbound"] = {
      agents: { list: [{ id: "ann" }, { id: "ben" }] },
      broadcast: { strategy: "parallel", "pigeon:g": ["ann", "ben"] },
    };
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound });
    const inGroup = { from: { channel: "pigeon", account: "default", chat: "g" }, place: group, isToUs: true };
    await walk.inbound.take(line.message("look", { ...inGroup, attachments: [photo(png)] }), line);
    for (const agent of ["ann", "ben"])
      expect(await filesIn(walk, `agent:${agent}:pigeon:group:g`)).toEqual([[pngFile]]);
  });

  test("also when the gateway ends between the reading and the turn", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    {
      await using walk = new Walk({ folder: folder.path, channels: [line] });
      walk.freeze(); // no turn begins any more; what waits is still written
      await walk.inbound.take(line.message("look", { attachments: [photo(png)] }), line);
      const waiting = () => walk.storage.records({ kind: "inbound-waiting", limit: 10 });
      await until("the file", async () => (await waiting())[0]?.data.includes(pngFile.blob));
    }
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.recover();
    expect(await filesIn(walk)).toEqual([[pngFile]]);
  });

  test("also when it was put aside and is taken again", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const state = { isBroken: true };
    const between: WalkOptions["between"] = (storage) =>
      over(storage, {
        append: async (append) => {
          if (state.isBroken && append.receipt) throw new TypeError("boom");
          return storage.append(append);
        },
      });
    await using walk = new Walk({ folder: folder.path, channels: [line], between });
    await walk.inbound.take(line.message("look", { attachments: [photo(png)] }), line);
    const [kept] = await until("it to be put aside", async () => {
      const found = await walk.inbound.asides.list({ limit: 10 });
      return found.length > 0 ? found : undefined;
    });
    state.isBroken = false;
    await walk.inbound.asides.replay(kept?.id ?? "");
    expect(await filesIn(walk)).toEqual([[pngFile]]);
  });

  test("and a message that waited in an older version's way is answered without", async () => {
    using folder = tempFolder();
    const line = new FakeLine(ann);
    const old = `[attached: image; image/png, 6 bytes, blob ${pngFile.blob}]`;
    {
      await using walk = new Walk({ folder: folder.path, channels: [line] });
      walk.freeze();
      await walk.inbound.take(line.message("look", { attachments: [photo(png)] }), line);
      const row = await until("the file", async () => {
        const [found] = await walk.storage.records({ kind: "inbound-waiting", limit: 10 });
        return found?.data.includes(pngFile.blob) ? found : undefined;
      });
      const { attached: _attached, ...before } = JSON.parse(row.data);
      await walk.storage.writeRecords([{ kind: row.kind, id: row.id, data: JSON.stringify(before) }]);
    }
    await using walk = new Walk({ folder: folder.path, channels: [line] });
    await walk.inbound.recover();
    expect(await filesIn(walk)).toEqual([undefined]);
    expect((await received(walk))[0]?.text).toBe(`look\n${old}`);
  });
});
