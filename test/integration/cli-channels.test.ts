import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGateway } from "../support/open-gateway.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { openclaw as whole, type Person, toGateway } from "../support/whole-cli.ts";

const token = "123456789:canary-of-a-bot";

const openclaw = (home: string, argv: readonly string[], person?: Person) => whole(home, ["channels", ...argv], person);

function homeWith(text = "") {
  const folder = tempFolder();
  const file = join(folder.path, "openclaw.toml");
  writeFileSync(file, text, { mode: 0o600 });
  return {
    path: folder.path,
    text: () => readFileSync(file, "utf8"),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("channels add", () => {
  test("writes the token that is piped in, keeps what stood there, and shows the token to nobody", async () => {
    using here = homeWith("# mine\n[logging]\nlevel = 'debug' # loud\n");
    const added = await openclaw(here.path, ["add", "telegram", "--stdin"], { stdin: `${token}\n` });
    expect(added).toMatchObject({ exitCode: 0, stderr: "" });
    expect(added.stdout).toContain("The account default of telegram was set in");
    expect(added.stdout).toContain("it counts from the next start.");
    expect(here.text()).toContain("level = 'debug' # loud");
    expect(Bun.TOML.parse(here.text())).toMatchObject({ channels: { telegram: { token } } });
    expect(JSON.stringify(added)).not.toContain("canary");
  });

  test("asks a person for it, without a word of it on the screen", async () => {
    using here = homeWith();
    const added = await openclaw(here.path, ["add", "telegram", "--account", "work"], { typed: [` ${token} `] });
    expect(added).toMatchObject({ exitCode: 0 });
    expect(Bun.TOML.parse(here.text())).toMatchObject({ channels: { telegram: { accounts: { work: { token } } } } });
    expect(JSON.stringify(added)).not.toContain("canary");
    expect(await openclaw(here.path, ["add", "discord"], { typed: [] })).toMatchObject({ exitCode: 1 });
    expect(here.text()).not.toContain("discord");
  });

  test("writes the name of a variable alone, other settings, and says what is still missing", async () => {
    using here = homeWith();
    const argv = ["add", "telegram", "--token-env", "BOT", "--token-env", "webhook_secret=HOOK", "--json"];
    const environment = { BOT: token, HOOK: "canary-hook" };
    const added = await openclaw(here.path, [...argv, "--set", "mode=webhook"], { environment });
    expect(JSON.parse(added.stdout)).toMatchObject({ ok: true, account: "default", isTaken: false });
    expect(Bun.TOML.parse(here.text())).toEqual({
      channels: { telegram: { token: "${BOT}", webhook_secret: "${HOOK}", mode: "webhook" } },
    });
    const listed = await openclaw(here.path, ["list"], { environment });
    expect(listed.stdout).toMatch(/telegram +default +enabled/);
    expect((await openclaw(here.path, ["list"])).stdout).toContain("channels.telegram.token is not set");
    expect(listed.stdout).toContain("channels.telegram.webhook_url is needed for webhooks");
  });

  test.each([
    ["socket", [], ["bot_token", "app_token"]],
    ["http", ["--set", "mode=http"], ["bot_token", "signing_secret"]],
  ])("asks for all that Slack cannot do without in the mode %s", async (mode, set, names) => {
    using here = homeWith();
    const stdin = "xoxb-canary-1\nxapp-canary-2\n";
    const added = await openclaw(here.path, ["add", "slack", "--stdin", ...set], { stdin });
    expect(added).toMatchObject({ exitCode: 0, stderr: "" });
    expect(added.stdout).not.toContain("cannot be opened");
    const { channels } = Bun.TOML.parse(here.text()) as { channels: { slack: Record<string, string> } };
    expect(names.map((name) => channels.slack[name])).toEqual(["xoxb-canary-1", "xapp-canary-2"]);
    const again = await openclaw(here.path, ["login", "slack", "--stdin"], { stdin: "xoxb-canary-3\n" });
    expect([mode, again.exitCode, again.stderr]).toEqual([mode, 0, ""]);
    expect(here.text()).toContain("xoxb-canary-3");
  });

  test.each([
    ["an unknown channel", ["add", "pigeon"], "There is no channel “pigeon”"],
    ["a name that is none", ["add", "telegram", "--account", "My Bot"], "is no name for an account"],
    ["a secret where others see it", ["add", "telegram", "--set", "token=x"], "is a secret"],
    ["a secret that is not there", ["add", "telegram", "--also", "bell", "--stdin"], "has no secret “bell”"],
    ["nothing piped in", ["add", "telegram", "--stdin"], "There are 0 lines on stdin, and 1 are wanted: token."],
    ["nobody to ask", ["add", "telegram"], "Nobody is here to ask for the token."],
  ])("refuses %s, and writes nothing", async (_what, argv, says) => {
    using here = homeWith();
    const refused = await openclaw(here.path, argv);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(says);
    expect(here.text()).toBe("");
  });
});

describe("channels remove", () => {
  test("takes one account, leaves the others with what they share, and the last one with its table", async () => {
    using here = homeWith();
    await openclaw(here.path, ["add", "telegram", "--stdin", "--set", "dm_policy=open"], { stdin: token });
    await openclaw(here.path, ["add", "telegram", "--account", "work", "--stdin"], { stdin: "2:b" });
    expect(await openclaw(here.path, ["remove", "telegram"])).toMatchObject({ exitCode: 0 });
    expect(Bun.TOML.parse(here.text())).toEqual({
      channels: { telegram: { dm_policy: "open", accounts: { work: { token: "2:b" } } } },
    });
    expect(await openclaw(here.path, ["remove", "telegram", "--account", "home"])).toMatchObject({ exitCode: 1 });
    await openclaw(here.path, ["remove", "telegram", "--account", "work"]);
    expect(here.text()).not.toContain("telegram");
    expect((await openclaw(here.path, ["list"])).stdout).toContain("The settings have no account.");
  });
});

test("a gateway that runs takes it up at once, shows it, stops, starts and logs it out", async () => {
  await using gateway = await openGateway();
  const run = (argv: readonly string[], more: Person = {}) =>
    openclaw(gateway.home, argv, { ...toGateway(gateway), ...more });
  const root = ["--set", "api_root=http://127.0.0.1:9"];
  const added = await run(["add", "telegram", "--stdin", ...root], { stdin: token });
  expect(added.stdout).toContain("The gateway has taken it up.");
  const failing = await until("it to fail", async () => {
    const status = await run(["status"]);
    return status.exitCode === 1 && status.stdout.includes("cannot be reached") && status;
  });
  expect(failing.stdout).toMatch(/telegram +default +offline +never +never/);
  const probed = JSON.parse((await run(["status", "telegram", "--probe", "--json"])).stdout);
  expect(probed).toMatchObject({ channels: [{ accounts: [{ probe: { ok: false } }] }] });
  expect((await run(["stop", "telegram"])).stdout).toBe("telegram default: stopped\n");
  expect((await run(["status"])).exitCode).toBe(0);
  expect((await run(["start", "telegram", "--account", "default"])).stdout).toContain("telegram default: ");
  expect((await run(["restart", "telegram"])).exitCode).toBe(0);
  expect((await run(["start", "discord"])).stderr).toContain("no such account");
  const out = await run(["logout", "telegram"]);
  expect(out.stdout).toBe("The account default of telegram is closed. Its tokens are out of the settings file.\n");
  expect(readFileSync(join(gateway.home, "openclaw.toml"), "utf8")).not.toContain("canary");
});
