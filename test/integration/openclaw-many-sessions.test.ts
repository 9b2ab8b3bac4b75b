import { silentLog, systemClock } from "#base";
import { createSessions } from "#sessions";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { OpenClawSocket } from "../support/openclaw-socket.ts";
import { House, openRpc } from "../support/rpc-house.ts";
import { openSqliteFile, tempFolder } from "../support/storage.ts";

const count = 10_000;

interface Listed {
  readonly sessions: { readonly key: string }[];
  readonly hasMore: boolean;
  readonly nextOffset?: number;
  readonly count: number;
}

test("of ten thousand sessions a list holds a page, and reads little more than it holds", async () => {
  using folder = tempFolder();
  await using storage = openSqliteFile(join(folder.path, "many.db"));
  await using sessions = createSessions({ storage, log: silentLog, clock: systemClock, cacheBytes: 0 });
  const keys = Array.from({ length: count }, (_, i) => `agent:main:s${i}`);
  for (let at = 0; at < count; at += 500) {
    await Promise.all(keys.slice(at, at + 500).map((key) => sessions.append(key, [])));
  }
  await sessions.patch("agent:main:s1", { label: "Needle" });
  await sessions.patch("agent:main:s2", { label: "Other" });
  const pages: number[] = [];
  const house = new House();
  const counted = new Proxy(sessions, {
    get: (target, name) => {
      if (name === "list") {
        return async (page: Parameters<typeof sessions.list>[0]) => {
          const rows = await target.list(page);
          pages.push(rows.length);
          return rows;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await using rpc = openRpc(house, { services: { ...house.services, sessions: counted } });
  const client = await OpenClawSocket.connected(rpc, ["operator.read"]);
  const list = async (params: object) => {
    pages.length = 0;
    return (await client.ask("sessions.list", params)).payload as unknown as Listed;
  };
  const read = () => pages.reduce((a, b) => a + b, 0);

  expect(await list({ limit: 1 })).toMatchObject({ count: 1, hasMore: true, nextOffset: 1 });
  expect(read()).toBe(2);
  expect(await list({ limit: 1_000_000 })).toMatchObject({ count: 1_000, hasMore: true });
  expect(await list({ search: "needle" })).toMatchObject({ count: 1, sessions: [{ key: "agent:main:s1" }] });
  expect(Math.max(...pages)).toBeLessThanOrEqual(500);
  const seen = new Set<string>();
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const page: Listed = await list({ limit: 1_000, offset });
    for (const { key } of page.sessions) seen.add(key);
    offset = page.nextOffset;
  }
  expect(seen.size).toBe(count);
});
