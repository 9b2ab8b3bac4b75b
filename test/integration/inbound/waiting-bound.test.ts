import { expect, test } from "bun:test";
import { silentLog, systemClock } from "#base";
import { openSqlite } from "#storage";
import { FileDesk } from "../../../src/gateway/inbound/file-desk.ts";
import { WaitingRoom, type WaitingRoomOptions } from "../../../src/gateway/inbound/waiting-room.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { join } from "node:path";

test("a thousand messages wait and no more, and the last 250 places are for those that would not come again", async () => {
  using folder = tempFolder();
  const house = { log: silentLog, clock: systemClock };
  await using storage = openSqlite({ path: join(folder.path, "openclaw.db"), ...house });
  const options: WaitingRoomOptions = {
    ...house,
    storage,
    desk: new FileDesk({ ...house, storage, hearing: () => undefined }),
    deliver: async () => "later",
    putAside: async () => {},
  };
  await using room = new WaitingRoom(options);
  const put = (n: number, mayComeLater: boolean) => room.put(entry(n), { ...longWait, mayComeLater });
  const putAll = async (from: number, to: number, mayComeLater: boolean) => {
    await Promise.all(Array.from({ length: to - from }, (_, n) => put(from + n, mayComeLater)));
  };
  const full = expect.objectContaining({ code: "queueFull" });
  await putAll(0, 750, true);
  expect(await put(750, true).catch((error: unknown) => error)).toEqual(full);
  await putAll(750, 1_000, false);
  expect(await put(1_000, false).catch((error: unknown) => error)).toEqual(full);
  expect([room.has(entry(999)), room.has(entry(1_000))]).toEqual([true, false]);
  expect(await storage.records({ kind: "inbound-waiting", limit: 2_000 })).toHaveLength(1_000);
  const asides = [{ ...entry(1_001), group: "g", runId: "r", arrivedAt: 0, n: 0 }];
  const letGo = { kind: "aside", id: "none", data: undefined };
  expect(await room.takeBack(asides, letGo).catch((error: unknown) => error)).toEqual(full);
});

/** All of one session, whose first message waits for more: none of them is tried. */
const longWait = { joinKey: "ann", quietMs: 600_000, newRunId: "run" } as const;

function entry(n: number) {
  return {
    scope: "pigeon/default",
    updateId: `u${n}`,
    messageId: `m${n}`,
    sessionKey: "agent:main:main",
    from: { channel: "pigeon", account: "default", chat: "1" },
    sender: "1",
    text: "hello",
    files: [],
    context: [],
  };
}
