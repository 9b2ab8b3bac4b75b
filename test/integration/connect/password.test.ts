import { Secret, silentLog, hashPassword } from "#base";
import { runCli, type Terminal } from "#cli";
import { HashedPassword } from "#rpc";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCliContext } from "../../../src/cli-context.ts";
import { Authenticator } from "../../../src/rpc/authenticator.ts";
import { DeviceKey } from "../../support/device-key.ts";
import { openGateway } from "../../support/open-gateway.ts";
import { HeldClock } from "../../support/rpc-house.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const password = "four words are enough";
const hash = await hashPassword(password);
const withPassword = `[gateway.auth]\nmode = "password"\npassword_hash = '${hash}'\n`;

const spoken = "correct-horse-battery";
const header = await hashPassword(spoken);
const withHeaderPassword = `[gateway.auth]\nmode = "password"\npassword_hash = '${header}'\n`;

describe("with a password", () => {
  test("whoever shows it comes in, wherever it is put, and nobody else", async () => {
    await using gateway = await openGateway(withPassword, {});
    for (const auth of [{ password }, { token: password }, { token: "wrong", password }]) {
      const { answer } = await gateway.enter({ auth });
      expect(answer.payload?.["auth"]).toMatchObject({ method: "password", scopes: ["operator.read"] });
    }
    const wrong = await gateway.enter({ auth: { password: "four words are not" } });
    expect(wrong.answer.error).toMatchObject({ details: { code: "AUTH_PASSWORD_MISMATCH" } });
    const missing = await gateway.enter({ client: { id: "test", mode: "test" } });
    expect(missing.answer.error).toMatchObject({ details: { code: "AUTH_PASSWORD_MISSING" } });
    const { answer } = await gateway.enter({ auth: { password }, device: new DeviceKey() });
    expect(answer.payload?.["auth"]).toMatchObject({ method: "password", deviceToken: expect.any(String) });
    const called = await gateway.call("connect", { auth: { password } }, {});
    expect(called.body.result).toMatchObject({ scopes: expect.arrayContaining(["operator.admin"]) });
  });

  test("calls over HTTP show it as a token", async () => {
    await using gateway = await openGateway(withHeaderPassword, {});
    for (const headers of [{ authorization: `Bearer ${spoken}` }, { "x-gateway-token": spoken }]) {
      expect((await gateway.call("status", {}, headers)).body.result).toMatchObject({ version: "1.2.3" });
    }
    expect((await gateway.call("status", {}, { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await gateway.call("status", {}, {})).body.error).toMatchObject({ data: { name: "unauthorized" } });
  });

  test("it may come from the environment, and is kept nowhere", async () => {
    const environment = { OPENCLAW_GATEWAY_PASSWORD: spoken };
    await using gateway = await openGateway('[gateway.auth]\nmode = "password"\n', environment);
    const { answer } = await gateway.enter({ auth: { password: spoken } });
    expect(answer.ok).toBe(true);
    const files = await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: gateway.home, dot: true, absolute: true }));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect(readFileSync(file).includes(spoken)).toBe(false);
  });

  test.each<[string, string, Record<string, string>, string]>([
    ["there is none", "", {}, "openclaw gateway password"],
    ["it stands readable in the file", `password = "${spoken}"\n`, {}, "openclaw gateway password"],
    ["it is short", "", { OPENCLAW_GATEWAY_PASSWORD: "short" }, "fewer than 8"],
    ["it is what everybody tries", "", { OPENCLAW_GATEWAY_PASSWORD: "password" }, "everybody tries"],
    ["it is blank", "", { OPENCLAW_GATEWAY_PASSWORD: "        " }, "is empty"],
    ["the hash is none", 'password_hash = "hunter2hunter2"\n', {}, "no argon2id hash"],
    [
      "the hash costs more than there is",
      `password_hash = '${hash.replace("m=19456", "m=9999999")}'\n`,
      {},
      "no argon2id hash",
    ],
  ])("SEC-20: the gateway does not start where %s", async (_why, line, environment, says) => {
    const opening = openGateway(`[gateway.auth]\nmode = "password"\n${line}`, environment);
    const error = await opening.then(
      () => undefined,
      (problem: Error) => problem,
    );
    expect(error?.message).toContain(says);
    expect(error?.message).not.toContain(spoken);
  });
});

describe("SEC-04: of guesses at once", () => {
  test("ten are compared, one after another, whatever they are called, and then the right one waits too", async () => {
    const compared: string[] = [];
    let running = 0;
    let most = 0;
    const slow = {
      matches: async (candidate: string) => {
        most = Math.max(most, ++running);
        await Bun.sleep(1);
        running--;
        compared.push(candidate);
        return candidate === password;
      },
    };
    const authenticator = new Authenticator({
      auth: { mode: "password", password: slow },
      clock: new HeldClock(),
      log: silentLog,
    });
    const addresses = ["203.0.113.7", "::ffff:203.0.113.7"];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        authenticator.check(i % 2 ? { token: `guess ${i}` } : { password: `guess ${i}` }, {
          address: addresses[i % 3 ? 0 : 1] ?? "",
        }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).not.toContain("fulfilled");
    expect(compared).toHaveLength(10);
    expect(most).toBe(1);
    await expect(authenticator.check({ password }, { address: "203.0.113.7" })).rejects.toMatchObject({
      code: "lockedOut",
    });
    expect(await authenticator.check({ password }, { address: "203.0.113.8" })).toMatchObject({ by: "password" });
  });

  test("those beyond what may wait are sent away, and the right password is known again at once", async () => {
    const checked = new HashedPassword(new Secret(hash));
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => checked.matches(`guess ${i}`)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(32);
    expect(await checked.matches(password)).toBe(true);
    const again = checked.matches(password);
    expect(Bun.peek.status(again)).toBe("fulfilled");
    expect(await checked.matches(`${password} `)).toBe(false);
  }, 30_000);
});

function installed(text: string, stdin: string) {
  const folder = tempFolder();
  const file = join(folder.path, "openclaw.toml");
  writeFileSync(file, text, { mode: 0o600 });
  const written = { stdout: "", stderr: "" };
  const output = (name: "stderr" | "stdout") => ({
    isTty: false,
    write: async (said: string) => void (written[name] += said),
  });
  const terminal: Terminal = {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTty: false, readAll: () => Promise.resolve(stdin) },
    signal: new AbortController().signal,
    takeInterrupts: () => ({ [Symbol.dispose]() {} }),
    takeHangups: () => ({ [Symbol.dispose]() {} }),
    openEditor: () => Promise.reject(new Error("nobody types")),
  };
  return {
    text: () => readFileSync(file, "utf8"),
    run: async (...argv: string[]) => {
      const context = createCliContext(terminal, { OPENCLAW_HOME: folder.path });
      return { exitCode: await runCli(["gateway", "password", ...argv], context), ...written };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("openclaw gateway password", () => {
  test("writes the hash alone, keeps the comments, and what it wrote opens the gateway", async () => {
    using home = installed('# mine\n[gateway.auth]\nmode = "password" # not the token\n', `${spoken}\n`);
    const { exitCode, stdout, stderr } = await home.run("--stdin");
    expect(exitCode).toBe(0);
    const text = home.text();
    expect(text).toStartWith('# mine\n[gateway.auth]\nmode = "password" # not the token\n');
    expect(text).toMatch(/password_hash = .\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(text + stdout + stderr).not.toContain(spoken);
    expect(stdout).not.toContain("argon2id");
    await using gateway = await openGateway(text, {});
    expect((await gateway.call("status", {}, { authorization: `Bearer ${spoken}` })).status).toBe(200);
  });

  test.each([
    ["\n", "empty"],
    ["short\n", "fewer than 8"],
    ["changeme\n", "everybody tries"],
    ["two\nlines of it\n", "more than one line"],
  ])("refuses %j", async (stdin, says) => {
    using home = installed("# empty\n", stdin);
    const { exitCode, stderr } = await home.run("--stdin");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(home.text()).toBe("# empty\n");
  });

  test("asks nobody where nobody is, warns of a short one, and says what is still to be done", async () => {
    using home = installed("", "ten-letter\n");
    expect((await home.run()).stderr).toContain("--stdin");
    const { stdout, stderr } = await home.run("--stdin");
    expect(stderr).toContain("fewer than 12");
    expect(stdout).toContain("config set gateway.auth.mode password");
  });
});
