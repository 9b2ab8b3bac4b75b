import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromSource, run } from "../support/cli-home.ts";
import { dice } from "../support/dice.ts";
import { type GatewayProcess, startGateway, token } from "../support/gateway-process.ts";
import { fillHouse } from "../support/stored-house.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

async function call(gateway: GatewayProcess, method: string, params: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${gateway.url}/rpc`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: Record<string, unknown>; error?: unknown };
  if (!result) throw new Error(JSON.stringify(error));
  return result;
}

function hashesIn(home: string): Map<string, string> {
  using db = new Database(join(home, "state/openclaw.db"), { readonly: true });
  const rows = db
    .query<{ place: string; hash: string }, []>("SELECT session_id || ' ' || seq AS place, hash FROM events")
    .all();
  return new Map(rows.map(({ place, hash }) => [place, hash]));
}

test("a backup made while four clients write is one moment of the gateway, and lives on in another home", async () => {
  using first = tempFolder();
  using second = tempFolder();
  const backup = join(first.path, "backup.tar");
  const acknowledged: string[] = [];
  await using gateway = await startGateway({
    home: first.path,
    command: fromSource,
    config: '[logging]\nlevel = "warn"\n',
  });
  const stop = new AbortController();
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let n = 0; !stop.signal.aborted; n++) {
      const idempotencyKey = `w${writer}-${n}`;
      await call(gateway, "chat.send", { sessionKey: `s${writer}`, message: `number ${n}`, idempotencyKey });
      acknowledged.push(idempotencyKey);
      await call(gateway, "agent.wait", { runId: idempotencyKey, timeoutMs: 5_000 }).catch(() => undefined);
    }
  });
  await until("writers at work", () => acknowledged.length > 40);
  const before = [...acknowledged];
  const made = await run(first.path, "backup", "create", backup);
  expect(made).toMatchObject({ exitCode: 0, stderr: "" });
  const count = acknowledged.length;
  await until("writers that went on", () => acknowledged.length > count + 20);
  stop.abort();
  await Promise.all(writers);
  expect(count).toBeGreaterThan(before.length);

  expect(await run(first.path, "backup", "verify", backup)).toMatchObject({ exitCode: 0 });
  expect(await run(first.path, "backup", "restore", backup, "--replace")).toMatchObject({ exitCode: 1 });
  const restored = await run(second.path, "backup", "restore", backup, "--json");
  expect(JSON.parse(restored.stdout)).toMatchObject({ ok: true, restored: ["openclaw.db", "settings/openclaw.toml"] });
  expect(await run(second.path, "doctor", "storage")).toMatchObject({ exitCode: 0 });

  const [here, there] = [hashesIn(first.path), hashesIn(second.path)];
  expect(there.size).toBeGreaterThan(before.length);
  for (const [place, hash] of there) expect(here.get(place)).toBe(hash);
  using db = new Database(join(second.path, "state/openclaw.db"), { readonly: true });
  const kept = new Set(
    db
      .query<{ run_id: string }, []>("SELECT run_id FROM runs")
      .all()
      .map((row) => row.run_id),
  );
  for (const id of before) expect(kept).toContain(id);

  await using other = await startGateway({ home: second.path, command: fromSource });
  const { messages } = await call(other, "chat.history", { sessionKey: "s0", limit: 1_000 });
  expect(JSON.stringify(messages)).toContain("number 0");
  await call(other, "chat.send", { sessionKey: "s0", message: "and on", idempotencyKey: "new" });
}, 60_000);

/** A home with some sessions, a token, and settings. */
async function filledHome(folder: string, settings: string): Promise<void> {
  mkdirSync(join(folder, "state"), { recursive: true });
  await fillHouse(join(folder, "state"), 3, { sessions: 2, turns: 3 });
  writeFileSync(join(folder, "openclaw.toml"), settings);
  writeFileSync(join(folder, "state/token"), "the-secret-token-0123456789abcdef\n", { mode: 0o600 });
  mkdirSync(join(folder, "credentials"), { recursive: true });
  writeFileSync(join(folder, "credentials/store.json"), "the-stored-credential", { mode: 0o600 });
}

test("secrets are in a backup only when they are asked for, and then come back to their places", async () => {
  using first = tempFolder();
  using second = tempFolder();
  await filledHome(first.path, '[models.providers.x]\napi = "openai-completions"\napi_key = "sk-in-plain-text"\n');
  const plain = await run(first.path, "backup", "create", "plain.tar");
  expect(plain.stderr).toContain("holds a secret in plain text, so it was left out");
  const whole = await run(first.path, "backup", "create", "whole.tar", "--with-secrets");
  expect(whole).toMatchObject({ exitCode: 0, stderr: "" });
  const secrets = ["the-secret-token", "the-stored-credential", "sk-in-plain-text"];
  for (const secret of secrets) {
    expect(readFileSync(join(first.path, "plain.tar"), "latin1")).not.toContain(secret);
    expect(readFileSync(join(first.path, "whole.tar"), "latin1")).toContain(secret);
  }
  expect(statSync(join(first.path, "whole.tar")).mode & 0o777).toBe(0o600);
  expect(await run(second.path, "backup", "restore", join(first.path, "whole.tar"))).toMatchObject({ exitCode: 0 });
  for (const file of ["state/token", "credentials/store.json", "openclaw.toml"])
    expect(readFileSync(join(second.path, file), "utf8")).toBe(readFileSync(join(first.path, file), "utf8"));
});

test("a home that is in use is not replaced without a word; with it, what was there is put aside whole", async () => {
  using first = tempFolder();
  await filledHome(first.path, '[logging]\nlevel = "warn"\n');
  await run(first.path, "backup", "create", "b.tar");
  const before = hashesIn(first.path);
  const refused = await run(first.path, "backup", "restore", "b.tar");
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("--replace");
  const replaced = await run(first.path, "backup", "restore", "b.tar", "--replace", "--json");
  const { aside } = JSON.parse(replaced.stdout) as { aside: string };
  expect(readdirSync(aside)).toEqual(expect.arrayContaining(["openclaw.db", "openclaw.toml"]));
  expect(hashesIn(first.path)).toEqual(before);
  expect(await run(first.path, "backup", "create", "b.tar")).toMatchObject({ exitCode: 1 });
});

test("a backup in which anything was changed is refused, and the home stays as it was", async () => {
  const seed = Date.now() % 1_000_000;
  const roll = dice(seed);
  using first = tempFolder();
  using second = tempFolder();
  await filledHome(first.path, "");
  await run(first.path, "backup", "create", "good.tar");
  const good = readFileSync(join(first.path, "good.tar"));
  const trials = [
    good.subarray(0, good.length >> 1),
    good.subarray(0, good.length - 1_024),
    ...Array.from({ length: 6 }, () => {
      const bad = Buffer.from(good);
      const at = 512 + roll(good.length - 4_096);
      bad[at] = (bad[at] ?? 0) ^ 4;
      return bad;
    }),
  ];
  for (const [n, bad] of trials.entries()) {
    writeFileSync(join(first.path, "bad.tar"), bad);
    const restored = await run(second.path, "backup", "restore", join(first.path, "bad.tar"));
    expect(restored.exitCode, `seed ${seed}, trial ${n}: ${restored.stdout}`).toBe(1);
    expect(restored.stderr).toContain("cannot be used");
    expect(existsSync(join(second.path, "state/openclaw.db"))).toBeFalse();
  }
}, 60_000);

test("what is damaged goes along in a backup, which says so, and everything else lives on in another home", async () => {
  using first = tempFolder();
  using second = tempFolder();
  await filledHome(first.path, "");
  {
    using db = new Database(join(first.path, "state/openclaw.db"));
    const victim = db.query<{ id: string; key: string }, []>("SELECT id, key FROM sessions LIMIT 1").get();
    db.run("UPDATE events SET at = at + 1 WHERE session_id = ? AND seq = 2", [victim?.id ?? ""]);
  }
  const backup = join(first.path, "backup.tar");
  const made = await run(first.path, "backup", "create", backup);
  expect(made.exitCode).toBe(0);
  expect(made.stderr).toMatch(
    /Warning: a part of what is in the backup is damaged \(the log of \S+ at seq 2: its hash/,
  );
  const verified = await run(first.path, "backup", "verify", backup);
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("As it was written: ") });
  expect(verified.stderr).toContain("it was so when the backup was made");
  const restored = await run(second.path, "backup", "restore", backup);
  expect(restored).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("at seq 2") });
  expect(hashesIn(second.path)).toEqual(hashesIn(first.path));
  const doctor = await run(second.path, "doctor", "storage");
  expect(doctor.exitCode).toBe(1);
  expect(doctor.stdout).toContain("\n1 problem: ");
  expect(doctor.stdout).toContain("sessions delete <key>`");
}, 30_000);

const mount = process.getuid?.() === 0 ? Bun.which("mount") : null;

test.skipIf(mount === null)(
  "a home on a disk that became read-only can be looked at and backed up",
  async () => {
    using folder = tempFolder();
    const home = join(folder.path, "home");
    mkdirSync(home);
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", home]).exitCode).toBe(0);
    try {
      await filledHome(home, "");
      expect(Bun.spawnSync(["mount", "-o", "remount,ro", home]).exitCode).toBe(0);
      expect(await run(home, "doctor", "storage")).toMatchObject({ exitCode: 0, stderr: "" });
      const backup = join(folder.path, "backup.tar");
      expect(await run(home, "backup", "create", backup)).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await run(folder.path, "backup", "verify", backup)).toMatchObject({ exitCode: 0 });
    } finally {
      Bun.spawnSync(["umount", "-l", home]);
    }
  },
  30_000,
);
