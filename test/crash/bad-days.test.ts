import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig, type GatewayProcess, startGateway, token } from "../support/gateway-process.ts";
import { SocketClient, textOf } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { compileShim, noShim } from "./disk/shim.ts";
import { debts } from "./inspect.ts";

const main = join(import.meta.dir, "../../src/main.ts");
const command = [process.execPath, "run", main];
const unavailable = -32013;

interface Row {
  readonly role: string;
  readonly content: { type: string; text?: string }[];
}

async function ready(gateway: GatewayProcess): Promise<number> {
  return (await fetch(`${gateway.url}/readyz`)).status;
}

async function questions(client: SocketClient): Promise<string[]> {
  const { messages } = await client.call<{ messages: Row[] }>("chat.history", { sessionKey: "main", limit: 1_000 });
  return messages.filter((row) => row.role === "user").map((row) => textOf(row));
}

/** Says things until one is refused, or enough were said: what was taken, and what the refusal said. */
async function sayUntilRefused(client: SocketClient, prefix: string, most: number) {
  const taken: string[] = [];
  for (let i = 0; i < most; i++) {
    const message = `${prefix} ${i} ${"x".repeat(20_000)}`;
    const { error } = await client.ask("chat.send", { sessionKey: "main", message });
    if (error && error.code !== unavailable) await Bun.sleep(5); // the lane is full
    else if (error) return { taken, error };
    else taken.push(message);
  }
  return { taken, error: undefined };
}

/** It takes nothing, says so, still reads, and takes again when it can; what was acknowledged outlives a kill. */
async function goThrough(home: string, environment: Record<string, string>, trouble: { begin(): void; end(): void }) {
  const taken: string[] = [];
  {
    await using gateway = await startGateway({ home, command, environment });
    await using client = await SocketClient.open(gateway.socketUrl);
    expect((await client.chat("before")).state).toBe("final");
    trouble.begin();
    const during = await sayUntilRefused(client, "during", 400);
    taken.push(...during.taken);
    expect(during.error).toMatchObject({ code: unavailable, data: { retryable: true } });
    await until("red", async () => {
      if ((await ready(gateway)) === 503) return true;
      taken.push(...(await sayUntilRefused(client, `more ${taken.length}`, 1)).taken); // what is left may be enough for something small
      return false;
    });
    expect(await questions(client)).toContain("before");
    trouble.end();
    await until("green", async () => (await ready(gateway)) === 200, 5_000);
    const after = await sayUntilRefused(client, "after", 5);
    expect(after.error).toBeUndefined();
    taken.push(...after.taken);
    await gateway.stop("SIGKILL");
  }
  await using gateway = await startGateway({ home, command, environment });
  await using client = await SocketClient.open(gateway.socketUrl);
  const there = await questions(client);
  for (const message of taken) expect(there.filter((text) => text === message)).toHaveLength(1);
  expect(there).toHaveLength(taken.length + 1);
}

describe.skipIf(noShim !== undefined)(`the gateway${noShim === undefined ? "" : ` (not tried: ${noShim})`}`, () => {
  const tools = tempFolder();
  const paths = { library: "" };
  beforeAll(() => void (paths.library = compileShim(tools.path)));
  afterAll(() => tools[Symbol.dispose]());

  test.each(["ENOSPC", "EIO", "EROFS"])(
    "on a disk that says %s takes nothing it cannot keep, and recovers",
    async (kind) => {
      using home = tempFolder();
      const fault = join(home.path, "fault");
      const files = join(home.path, "state/openclaw.db");
      const environment = { LD_PRELOAD: paths.library, SHIM_FILES: files, SHIM_FAULT: fault };
      await goThrough(home.path, environment, {
        begin: () => writeFileSync(fault, `0 1000000000 ${kind}`),
        end: () => rmSync(fault),
      });
    },
    60_000,
  );

  test("whose clock jumps keeps the order of what was said, and answers each once", async () => {
    using home = tempFolder();
    const clock = join(home.path, "clock");
    const [hour, day, year] = [3_600, 86_400, 31_536_000];
    const said: string[] = [];
    for (const life of [1, 2]) {
      await using gateway = await startGateway({
        home: home.path,
        command,
        environment: { LD_PRELOAD: paths.library, SHIM_CLOCK: clock },
      });
      await using client = await SocketClient.open(gateway.socketUrl);
      for (const seconds of [0, -hour, day, -10 * year, 1, 0, -1]) {
        writeFileSync(clock, String(seconds));
        const message = `life ${life}, ${seconds} seconds`;
        expect((await client.chat(message)).state).toBe("final");
        said.push(message);
      }
      expect(await questions(client)).toEqual(said);
      const { messages } = await client.call<{ messages: Row[] }>("chat.history", { sessionKey: "main", limit: 1_000 });
      expect(messages).toHaveLength(2 * said.length);
      await gateway.stop("SIGKILL");
    }
  }, 60_000);
});

const mount = process.getuid?.() === 0 ? Bun.which("mount") : null;

test.skipIf(mount === null)(
  "the gateway on a disk that is full for real takes nothing it cannot keep, and recovers",
  async () => {
    using outside = tempFolder();
    const home = join(outside.path, "home");
    mkdirSync(home);
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", home]);
    expect(mounted.exitCode).toBe(0);
    try {
      const ballast = join(home, "ballast");
      await goThrough(
        home,
        {},
        {
          begin: () => {},
          end: () => {
            expect(Bun.spawnSync(["mount", "-o", "remount,size=64m", home]).exitCode).toBe(0);
            rmSync(ballast, { force: true });
          },
        },
      );
    } finally {
      Bun.spawnSync(["umount", "-l", home]);
    }
  },
  60_000,
);

test("the gateway with few file descriptors outlives a crowd, and lets people in afterwards", async () => {
  using home = tempFolder();
  const limited = ["/bin/sh", "-c", 'ulimit -n 64; exec "$0" "$@"', ...command];
  await using gateway = await startGateway({ home: home.path, command: limited });
  const crowd = Array.from({ length: 150 }, () => {
    const socket = new WebSocket(gateway.socketUrl, { headers: { authorization: `Bearer ${token}` } });
    socket.addEventListener("error", () => undefined);
    return socket;
  });
  await until("the limit", () => crowd.filter((socket) => socket.readyState === WebSocket.OPEN).length > 20);
  for (const socket of crowd) socket.close();
  await using client = await until("a way in", async () => SocketClient.open(gateway.socketUrl).catch(() => undefined));
  expect((await client.chat("hello")).state).toBe("final");
}, 60_000);

test("five hundred sessions that were waiting for an answer get one each after a kill, never more than eight at once", async () => {
  using home = tempFolder();
  const model = { hangs: true, now: 0, most: 0, asked: new Map<string, number>() };
  await using fake = startFakeModel({
    remember: 0,
    script: async ({ messages }) => {
      if (model.hangs) return { parts: [new Promise(() => {})] };
      const text = messages.findLast((message) => message.role === "user")?.text ?? "";
      model.asked.set(text, (model.asked.get(text) ?? 0) + 1);
      model.most = Math.max(model.most, ++model.now);
      await Bun.sleep(2);
      model.now--;
      return "there you are";
    },
  });
  const config = `${fakeModelConfig(fake.url)}\n[runtime]\nmax_queue = 1000\n`;
  const sessions = Array.from({ length: 500 }, (_, n) => `waiting-${n}`);
  {
    await using gateway = await startGateway({ home: home.path, config, command });
    await using client = await SocketClient.open(gateway.socketUrl);
    for (const sessionKey of sessions) await client.call("chat.send", { sessionKey, message: sessionKey });
    await gateway.stop("SIGKILL");
  }
  model.hangs = false;
  await using gateway = await startGateway({ home: home.path, config, command });
  await using client = await SocketClient.open(gateway.socketUrl);
  await until("every answer", () => debts(join(home.path, "state/openclaw.db")).runs === 0, 30_000);
  for (const sessionKey of sessions) {
    const { messages } = await client.call<{ messages: Row[] }>("chat.history", { sessionKey });
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  }
  expect([...model.asked.values()]).toEqual(sessions.map(() => 1));
  expect(model.most).toBeGreaterThan(1);
  expect(model.most).toBeLessThanOrEqual(8);
}, 60_000);
