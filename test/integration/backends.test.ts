import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { locateHome } from "#config";
import { type App, openApp } from "../../src/app.ts";
import { hasPostgres, sharedPostgres } from "../support/postgres.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(30_000); // the first test of PostgreSQL starts a server

function open(root: string, url: string): Promise<App> {
  const environment = { OPENCLAW_STORAGE_URL: url };
  return openApp({
    home: locateHome({ OPENCLAW_HOME: root }),
    environment,
    flags: { "gateway.port": 0 },
    version: "1",
  });
}

async function connect(app: App): Promise<SocketClient> {
  const token = readFileSync(app.tokenFile ?? "", "utf8").trim();
  return SocketClient.open(new URL("/ws", app.url).href.replace(/^http/, "ws"), token);
}

async function texts(client: SocketClient): Promise<number> {
  const { messages } = await client.call<{ messages: unknown[] }>("chat.history", { sessionKey: "main" });
  return messages.length;
}

test("a gateway keeps its sessions in memory, and no database in its home", async () => {
  using folder = tempFolder();
  {
    await using app = await open(folder.path, "memory:");
    await using client = await connect(app);
    expect(await client.chat("hello")).toMatchObject({ state: "final" });
    expect(await client.call("status", {})).toMatchObject({ storage: { backend: "memory", ok: true } });
    expect(await texts(client)).toBe(2);
  }
  expect(existsSync(join(folder.path, "state/openclaw.db"))).toBe(false);
  await using again = await open(folder.path, "memory:");
  await using client = await connect(again);
  expect(await texts(client)).toBe(0);
});

describe.skipIf(!hasPostgres())("a gateway on PostgreSQL", () => {
  test("answers, and finds its sessions again; a second home is refused meanwhile", async () => {
    using folder = tempFolder();
    using other = tempFolder();
    const url = new URL(await (await sharedPostgres()).newDatabase());
    url.password = "hunter2";
    {
      await using app = await open(folder.path, url.href);
      await using client = await connect(app);
      expect(await client.chat("hello")).toMatchObject({ state: "final" });
      expect(await client.call("status", {})).toMatchObject({ storage: { backend: "postgres", ok: true } });
      const refused = await open(other.path, url.href).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "alreadyRunning" });
      expect(String(refused)).toContain("let storage.url name another database");
      const { value } = await client.call<{ value: unknown }>("config.get", { path: "storage.url" });
      expect(JSON.stringify(value ?? "")).not.toContain("hunter2");
    }
    await using app = await open(folder.path, url.href);
    await using client = await connect(app);
    expect(await texts(client)).toBe(2);
    expect(readFileSync(join(folder.path, "state/logs/gateway.log"), "utf8")).not.toContain("hunter2");
  });
});

test("a storage that is not there is said in a sentence, without the password", async () => {
  using folder = tempFolder();
  const refused = await open(folder.path, "postgres://u:hunter2@127.0.0.1:1/db").catch((error: unknown) => error);
  expect(String(refused)).toContain(
    "The storage at postgres://127.0.0.1:1/db cannot be used: the server cannot be reached.",
  );
  expect(Bun.inspect(refused)).not.toContain("hunter2");
});

test("what SQLite does not need is not loaded for it", () => {
  const script = `
    const { openStorage, readStorageUrl } = await import("#storage");
    const { Secret, silentLog, systemClock } = await import("#base");
    const { place } = readStorageUrl(new Secret(process.argv[1]));
    await openStorage({ place, databasePath: ":memory:", log: silentLog, clock: systemClock });
    process.stdout.write(Object.keys(require.cache).filter((path) => /storage[^a-z](postgres|memory|tables|copy)[^a-z-]/.test(path)).join());
    process.exit(0);`;
  const loaded = (url: string) =>
    Bun.spawnSync([process.execPath, "-e", script, url], { cwd: join(import.meta.dir, "../..") }).stdout.toString();
  expect(loaded("sqlite")).toBe("");
  expect(loaded("memory:")).toContain("open-memory"); // the guard sees
});
