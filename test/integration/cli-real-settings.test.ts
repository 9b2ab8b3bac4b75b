import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli, type Terminal } from "#cli";
import { createCliContext } from "../../src/cli-context.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** The whole command line over a home with this settings file. */
function installed(text: string) {
  const folder = tempFolder();
  const file = join(folder.path, "openclaw.toml");
  writeFileSync(file, text);
  chmodSync(file, 0o600);
  return {
    file,
    text: () => readFileSync(file, "utf8"),
    async run(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
      const written = { stdout: "", stderr: "" };
      const context = createCliContext(terminal(written), { OPENCLAW_HOME: folder.path, ...environment });
      return { exitCode: await runCli(argv, context), ...written };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function terminal(written: { stdout: string; stderr: string }): Terminal {
  const output = (name: "stderr" | "stdout") => ({
    isTty: false,
    write: async (text: string) => void (written[name] += text),
  });
  return {
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: { isTty: false, readAll: () => Promise.reject(new Error("nothing is piped in")) },
    signal: new AbortController().signal,
    takeInterrupts: () => ({ [Symbol.dispose]() {} }),
    takeHangups: () => ({ [Symbol.dispose]() {} }),
    openEditor: () => Promise.reject(new Error("nobody types")),
  };
}

/** Port 1 of loopback, where nobody listens. */
const port = "[gateway]\nport = 1\n";

const keyFromEnvironment = `${port}
[agents.defaults.model]
primary = "openai/gpt-5" # the best

[models.providers.openai]
api = "openai-completions"
api_key = "\${OPENAI_API_KEY}"
`;

const noGateway = "error: No gateway answers at ws://127.0.0.1:1/ws";

describe("variables", () => {
  test("a section is looked through for the second names of its settings too", async () => {
    using home = installed("");
    const explain = (environment: Record<string, string>) =>
      home.run(["config", "explain", "gateway.auth", "--json"], environment);
    expect((await explain({ OPENCLAW_GATEWAY_TOKEN: "a".repeat(32) })).stdout).toContain('"source": "environment"');
    expect((await explain({})).stdout).not.toContain('"source": "environment"');
  });

  test("one of a channel's account counts, and one that nothing knows is named with what was meant", async () => {
    using home = installed('[channels.telegram.accounts.work]\nmode = "polling"\n');
    const environment = { OPENCLAW_CHANNELS_TELEGRAM_ACCOUNTS_WORK_MODE: "webhook", OPENCLAW_RUNTIME_MAX_QUEU: "9" };
    const { stdout, stderr } = await home.run(
      ["config", "explain", "channels.telegram.accounts.work.mode", "--json"],
      environment,
    );
    expect(stdout).toContain('"webhook"');
    expect(stdout + stderr).toContain(
      "OPENCLAW_RUNTIME_MAX_QUEU sets nothing; did you mean OPENCLAW_RUNTIME_MAX_QUEUE?",
    );
  });
});

describe("a client of the gateway", () => {
  test.each([
    ["the key of a model comes from a variable that it has not", keyFromEnvironment],
    ["the gateway's part alone is right", `${port}[runtime]\nmax_queue = "many"\n[models.providers.x]\napi = 5\n`],
  ])("works when %s", async (_why, text) => {
    using home = installed(text);
    expect((await home.run(["status"])).stderr).toStartWith(noGateway);
  });

  test("says what keeps it from the gateway", async () => {
    using home = installed(`${port}[gateway.auth]\ntoken = "\${GATEWAY_TOKEN}"\n`);
    const { exitCode, stderr } = await home.run(["status"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${home.file}:4: gateway.auth.token: the environment has no GATEWAY_TOKEN.`);
    expect((await home.run(["status"], { GATEWAY_TOKEN: "x".repeat(32) })).stderr).toStartWith(noGateway);
  });
});

describe("with a variable that only the gateway's environment has", () => {
  test("settings can be looked at and changed, and a warning names it", async () => {
    using home = installed(keyFromEnvironment);
    const warning = "models.providers.openai.api_key: the environment has no OPENAI_API_KEY\n";
    const shown = await home.run(["config", "get", "gateway.port"]);
    expect(shown).toMatchObject({ exitCode: 0, stdout: "1\n" });
    expect(shown.stderr).toEndWith(warning);
    const changed = await home.run(["config", "set", "gateway.port", "2"]);
    expect(changed).toMatchObject({ exitCode: 0 });
    expect(changed.stderr).toEndWith(warning);
    expect(home.text()).toBe(keyFromEnvironment.replace("port = 1", "port = 2"));
  });

  test("a provider can be set, and its key stays the variable's name", async () => {
    using home = installed(port);
    const provider = JSON.stringify({ api: "openai-completions", api_key: "${OPENAI_API_KEY}" });
    const { exitCode, stderr } = await home.run(["config", "set", "models.providers.openai", provider]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: "warning: models.providers.openai.api_key: the environment has no OPENAI_API_KEY\n",
    });
    expect(home.text()).toContain(`api_key = "\${OPENAI_API_KEY}"`);
  });

  test("but the settings are not what the gateway would start with", async () => {
    using home = installed(keyFromEnvironment);
    const { exitCode, stderr } = await home.run(["config", "validate"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the environment has no OPENAI_API_KEY");
    expect(await home.run(["config", "validate"], { OPENAI_API_KEY: "sk-1234567" })).toMatchObject({
      exitCode: 0,
      stdout: `${home.file} is in order.\n`,
    });
  });
});

describe("settings that are wrong", () => {
  const wrong = `# mine\n[gateway]\nport = "abc"\n`;

  test("can be mended from the command line, one by one, but not made worse", async () => {
    using home = installed(`${wrong}\n[logging]\nlevel = "loud"\n`);
    const refused = await home.run(["config", "set", "gateway.port", "5"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toStartWith("error: Nothing was changed: logging.level: expected one of ");
    expect((await home.run(["config", "unset", "logging.level"])).stderr).toContain(
      "Nothing was changed: gateway.port: ",
    );
    expect(home.text()).toContain('port = "abc"');

    writeFileSync(home.file, wrong);
    expect(await home.run(["config", "set", "gateway.port", "5"])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(home.text()).toBe("# mine\n[gateway]\nport = 5\n");
  });

  test("are not shown as if they counted", async () => {
    using home = installed(wrong);
    const { exitCode, stderr, stdout } = await home.run(["config", "get", "gateway.port"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(`${home.file}:3: gateway.port: expected an integer between 0 and 65535, found "abc".\n`);
  });

  test("do not hide where they are, nor what they could be", async () => {
    using home = installed("[gateway\n");
    expect(await home.run(["config", "path"])).toMatchObject({ exitCode: 0, stdout: `${home.file}\n` });
    const schema: unknown = JSON.parse((await home.run(["config", "schema"])).stdout);
    expect(schema).toHaveProperty("properties.gateway.properties.port.maximum", 65_535);
  });

  test("a change that is refused says only what is wrong with it", async () => {
    using home = installed(port);
    expect((await home.run(["config", "set", "gateway.port", "abc"])).stderr).toBe(
      'error: Nothing was changed: gateway.port: expected an integer between 0 and 65535, found "abc".\n',
    );
    expect((await home.run(["config", "set", "gateway.prt", "1"])).stderr).toBe(
      'error: There is no setting "gateway.prt"; did you mean gateway.port?\n',
    );
    expect((await home.run(["config", "unset", "models.providers.nope"])).stdout).toBe(
      `Done in ${home.file}; no setting counts differently now.\n`,
    );
  });
});

describe("validate", () => {
  test.each([
    [
      "a token that was never filled in",
      '[gateway.auth]\ntoken = "changeme"',
      "gateway.auth.token cannot guard the gateway",
    ],
    ["an open door", '[gateway]\nbind = "lan"\n[gateway.auth]\nmode = "none"', "gateway.auth.mode is “none”"],
    ["an address that is none", '[gateway]\nbind = "lann"', "gateway.bind is “lann”"],
    ["another storage", '[storage]\nurl = "postgres://x"', "storage.url: "],
  ])("refuses %s, as the gateway does", async (_what, text, because) => {
    using home = installed(`${text}\n`);
    for (const argv of [
      ["config", "validate"],
      ["gateway", "run", "--port", "0"],
    ]) {
      const { exitCode, stderr } = await home.run(argv);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(because) });
    }
  });

  test("warns of a model that nobody offers", async () => {
    using home = installed('[agents.defaults.model]\nprimary = "openai/gpt-5"\n');
    const { exitCode, stdout } = await home.run(["config", "validate"]);
    expect(exitCode).toBe(0);
    expect(stdout).toStartWith("warning: There is no provider “openai”, which the model “openai/gpt-5” needs: ");
  });
});
