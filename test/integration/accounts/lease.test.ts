import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { FakeTelegram } from "../../support/fake-telegram.ts";
import { fromSource } from "../../support/cli-home.ts";
import { type GatewayProcess, startGateway, token } from "../../support/gateway-process.ts";
import { openGateway } from "../../support/open-gateway.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";

interface Row {
  readonly state: string;
  readonly lastError?: string;
  readonly warning?: string;
}

const configOf = (fake: FakeTelegram) => `[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"\n`;

/** A gateway as a process, in a home of this name, that meets others in the folder `run`. */
function start(fake: FakeTelegram, folder: string, name: string): Promise<GatewayProcess> {
  return startGateway({
    home: join(folder, name),
    config: configOf(fake),
    command: fromSource,
    environment: { XDG_RUNTIME_DIR: join(folder, "run") },
  });
}

async function rowOf(gateway: GatewayProcess): Promise<Row> {
  const answer = await fetch(`${gateway.url}/rpc`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "channels.status", params: {} }),
  });
  const { result } = (await answer.json()) as { result: { channels: { id: string; accounts?: Row[] }[] } };
  return result.channels.find(({ id }) => id === "telegram")?.accounts?.[0] ?? { state: "none" };
}

describe("two homes with one token", () => {
  test("only the first asks Telegram; the second says who has it, and takes over when that one is killed", async () => {
    await using fake = new FakeTelegram();
    using folder = tempFolder();
    await using first = await start(fake, folder.path, "one");
    await until("a poll", () => fake.updates.isPolled);
    const met = fake.callsOf("getMe").length;
    await using second = await start(fake, folder.path, "two");
    const refused = await until("the refusal", async () => {
      const row = await rowOf(second);
      return row.lastError === undefined ? undefined : row;
    });
    expect(refused).toMatchObject({
      state: "offline",
      lastError: `Another gateway (process ${first.pid}, home ${first.home}) uses this token.`,
    });
    expect(fake.callsOf("getMe")).toHaveLength(met);
    const names = readdirSync(join(folder.path, "run", "openclaw")).toSorted();
    const [lock = ""] = names;
    expect(lock).toMatch(/^telegram-[0-9a-f]{24}\.lock$/);
    for (const name of names) {
      const path = join(folder.path, "run", "openclaw", name);
      expect(readFileSync(path, "latin1") + name).not.toContain(fake.token.slice(5));
      expect(statSync(path).mode & 0o077).toBe(0);
    }

    await first.stop("SIGKILL");
    await until("the other to be online", async () => (await rowOf(second)).state === "online", 15_000);
    fake.says("is anybody there?");
    await until("one answer", () => fake.chats.shown.length > 0);
    expect(fake.callsOf("getMe").length).toBeGreaterThan(met);
  }, 60_000);

  test("the second one has it when the first one stops, or has the account no more", async () => {
    await using fake = new FakeTelegram();
    using folder = tempFolder();
    const environment = { OPENCLAW_GATEWAY_TOKEN: "x".repeat(40), XDG_RUNTIME_DIR: join(folder.path, "run") };
    const config = configOf(fake);
    const headers = { authorization: `Bearer ${environment.OPENCLAW_GATEWAY_TOKEN}` };
    const first = await openGateway(config, environment);
    await until("a poll", () => fake.updates.isPolled);
    await using second = await openGateway(config, environment);
    const row = async () => {
      const { body } = await second.call("channels.status", {}, headers);
      const { channels } = body.result as unknown as { channels: { id: string; accounts?: Row[] }[] };
      return channels.find(({ id }) => id === "telegram")?.accounts?.[0];
    };
    await until("the refusal", async () => (await row())?.lastError?.includes("uses this token"));
    await first.call("channels.stop", { channel: "telegram" }, headers);
    await until("the second to be online", async () => (await row())?.state === "online", 15_000);
    await first[Symbol.asyncDispose]();
  }, 60_000);
});

describe("a folder to meet in that is not to be trusted", () => {
  test.each([
    ["a link", (run: string, folder: string) => symlinkSync(folder, join(run, "openclaw")), "is no folder"],
    ["a file", (run: string) => void Bun.write(join(run, "openclaw"), ""), "cannot be made"],
  ])("%s is not used: the account is opened, and warns", async (_what, spoil, problem) => {
    await using fake = new FakeTelegram();
    using folder = tempFolder();
    const run = join(folder.path, "run");
    mkdirSync(run);
    spoil(run, folder.path);
    const before = readdirSync(folder.path);
    const environment = { OPENCLAW_GATEWAY_TOKEN: "x".repeat(40), XDG_RUNTIME_DIR: run };
    await using gateway = await openGateway(configOf(fake), environment);
    await until("a poll", () => fake.updates.isPolled);
    const { body } = await gateway.call("channels.status", {}, { authorization: `Bearer ${"x".repeat(40)}` });
    expect(JSON.stringify(body)).toContain("Nothing keeps another gateway on this machine from using this token");
    expect(JSON.stringify(body)).toContain(problem);
    expect(readdirSync(folder.path)).toEqual(before);
  });

  test("one that others could enter is closed to them", async () => {
    await using fake = new FakeTelegram();
    using folder = tempFolder();
    const run = join(folder.path, "run", "openclaw");
    mkdirSync(run, { recursive: true });
    chmodSync(run, 0o777);
    const environment = { XDG_RUNTIME_DIR: join(folder.path, "run") };
    await using _ = await openGateway(configOf(fake), environment);
    await until("a poll", () => fake.updates.isPolled);
    expect(statSync(run).mode & 0o777).toBe(0o700);
  });
});
