import { expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { installation, problemOf } from "./installation.ts";

const environment = { TOKEN: "canary-token", KEY: "canary-key", PLACE: "canary-place" };

const withSecrets = `# mine
[gateway]
bind = "at \${PLACE}"
allowed_hosts = ["\${PLACE}", "b"]
auth.token = "\${TOKEN}"
[models.providers.p]
api = "openai-completions"
api_key = "canary-written"
headers = { X = "\${KEY}" }
[hooks]
keys = ["canary-k1", "canary-k2"]
[[hooks.accounts]]
name = "a"
api_token = "canary-a"
[[hooks.accounts]]
name = "b"
api_token = "\${KEY}"
`;

test("a change is told, is in force at once, and says what waits for a restart", async () => {
  using here = installation({ "openclaw.toml": "[gateway]\nport = 1\n" });
  const config = here.open();
  const before = config.settings;
  const hash = config.hash;
  const change = await config.patch({
    gateway: { port: 2, auth: { mode: "none" } },
    models: { providers: { p: { api: "openai-completions" } } },
  });
  expect(change).toEqual({
    changed: ["gateway.port", "gateway.auth.mode", "models.providers.p.api", "models.providers.p.models"],
    restartRequired: ["gateway.port"],
  });
  expect(config.settings.gateway.port).toBe(2);
  expect(before.gateway.port).toBe(1);
  expect(Object.isFrozen(before.gateway)).toBe(true);
  expect(config.hash).not.toBe(hash);
  expect(here.open().settings).toEqual(config.settings);
});

test("null in a patch takes a setting back to its default, and what is not named stays", async () => {
  using here = installation({ "openclaw.toml": withSecrets });
  const config = here.open({ environment });
  expect(await config.patch({ models: { providers: { p: { headers: null } } }, gateway: { bind: null } })).toEqual({
    changed: ["gateway.bind", "models.providers.p.headers.X"],
    restartRequired: ["gateway.bind"],
  });
  expect(config.settings.gateway.bind).toBe("loopback");
  expect(here.read()).toBe(
    withSecrets.replace('bind = "at ${PLACE}"\n', "").replace('headers = { X = "${KEY}" }\n', ""),
  );
});

test("a file is made, with its folder, for the owner only", async () => {
  using here = installation();
  const file = here.at("deep/settings.toml");
  mkdirSync(here.at("deep"));
  writeFileSync(file, "", { mode: 0o666 });
  await here.open({ file }).set("gateway.port", 2);
  expect(here.read("deep/settings.toml")).toBe("[gateway]\nport = 2\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await here.open().set("gateway.port", 3);
  expect(here.read()).toBe("[gateway]\nport = 3\n");
  expect(statSync(here.at("openclaw.toml")).mode & 0o777).toBe(0o600);
  expect(readdirSync(here.home.root).toSorted()).toEqual(["deep", "openclaw.toml"]);
});

test("a link to the file stays a link", async () => {
  using here = installation({ "real.toml": "" });
  symlinkSync(here.at("real.toml"), here.at("openclaw.toml"));
  await here.open().set("gateway.port", 2);
  expect(lstatSync(here.at("openclaw.toml")).isSymbolicLink()).toBe(true);
  expect(here.read("real.toml")).toContain("port = 2");
});

test.each([
  ["a wrong value", { gateway: { port: "x" } }, "gateway.port: expected an integer between 0 and 65535"],
  ["an unknown key", { gateway: { prot: 1 } }, "gateway.prot is not known"],
  ["a hostile key", JSON.parse('{"gateway":{"__proto__":{"port":1}}}'), "is not a name that a setting may have"],
  ["both spellings", { gateway: { allowedHosts: [], allowed_hosts: [] } }, "are the same setting"],
  ["a table as a value", { gateway: 3 }, "gateway: expected a table"],
  ["null in a list", { hooks: { extra: [null] } }, "TOML cannot hold null"],
  ["a huge number", { hooks: { extra: 2 ** 60 } }, "too large"],
  ["a variable that is missing", { gateway: { bind: "${NO_SUCH}" } }, "the environment has no NO_SUCH"],
])("%s is refused and nothing is written", async (_what, patch, says) => {
  using here = installation({ "openclaw.toml": withSecrets });
  const config = here.open({ environment });
  const { settings, hash } = config;
  expect(await problemOf(() => config.patch(patch))).toContain(says);
  expect(here.read()).toBe(withSecrets);
  expect(config.settings).toBe(settings);
  expect(config.hash).toBe(hash);
  expect(readdirSync(here.home.root)).toEqual(["openclaw.toml"]);
});

test.each([
  ["set", (config: Opened) => config.set("gateway.nope", 1)],
  ["get", (config: Opened) => config.get("gateway.prot")],
  ["unset", (config: Opened) => config.unset("gateway.port.deeper")],
  ["explain", (config: Opened) => config.explain("gateway..port")],
  ["a hostile path", (config: Opened) => config.set("models.providers.__proto__.api", "openai-completions")],
  ["set without a value", (config: Opened) => config.set("gateway.port", undefined)],
])("a path that leads nowhere is refused: %s", async (_what, step) => {
  using here = installation({ "openclaw.toml": "" });
  expect(await problemOf(() => step(here.open()))).toMatch(/There is no setting|there is no value/);
});

test("a text given for another type is read by it", async () => {
  using here = installation();
  const config = here.open();
  await config.set("gateway.port", "12");
  await config.set("gateway.allowed_hosts", "a,b");
  expect(here.read()).toBe('[gateway]\nport = 12\nallowed_hosts = ["a", "b"]\n');
});

test("what the environment holds stays in force, and is not written", async () => {
  using here = installation({ "openclaw.toml": "[gateway]\nport = 1\n" });
  const config = here.open({ environment: { OPENCLAW_GATEWAY_PORT: "7" } });
  expect(await config.set("gateway.port", 2)).toEqual({ changed: [], restartRequired: [] });
  expect(config.settings.gateway.port).toBe(7);
  expect(here.read()).toBe("[gateway]\nport = 2\n");
});

test("a change made by another in between is a conflict when the base is given, and is kept when not", async () => {
  using here = installation({ "openclaw.toml": "[gateway]\nport = 1\n" });
  const config = here.open();
  const base = config.hash;
  here.write("[gateway]\nport = 1\nbind = 'by hand' # hand\n");
  expect(await problemOf(() => config.patch({ gateway: { port: 2 } }, base))).toContain("changed since it was read");
  expect(here.read()).toContain("port = 1");
  const change = await config.set("gateway.port", 2);
  expect(change.changed).toEqual(["gateway.port", "gateway.bind"]);
  expect(here.read()).toBe("[gateway]\nport = 2\nbind = 'by hand' # hand\n");
  await config.patch({ gateway: { port: 3 } }, config.hash);
  expect(config.settings.gateway.port).toBe(3);
});

test("a change made by hand while this one is checked is a conflict, and stays", async () => {
  using here = installation({ "openclaw.toml": 'gateway.bind = "${PLACE}"\n' });
  const byHand = 'gateway.bind = "by hand"\n';
  let isOpened = false;
  const config = here.open({
    environment: {
      get PLACE() {
        if (isOpened) here.write(byHand);
        return "x";
      },
    },
  });
  isOpened = true;
  expect(await problemOf(() => config.set("gateway.port", 2))).toContain("changed since it was read");
  expect(here.read()).toBe(byHand);
  expect(config.settings.gateway.port).toBe(18_789);
  expect(readdirSync(here.home.root)).toEqual(["openclaw.toml"]);
});

test("only one writes at a time; a writer that died long ago is not waited for", async () => {
  using here = installation({ "openclaw.toml": "" });
  const lock = here.at("openclaw.toml.new");
  writeFileSync(lock, "half");
  expect(await problemOf(() => here.open().set("gateway.port", 2))).toContain("changed since it was read");
  expect(here.read()).toBe("");
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(lock, longAgo, longAgo);
  await here.open().set("gateway.port", 2);
  expect(here.read()).toContain("port = 2");
  expect(existsSync(lock)).toBe(false);
});

test.each([
  ["openclaw.json5", "{ gateway: { port: 1 } }", "only TOML and plain JSON"],
  ["openclaw.yaml", "gateway:\n  port: 1\n", "only TOML and plain JSON"],
  ["openclaw.json", '{ "gateway": { "port": 1 } } // c', "JSON does not know"],
])("%s is not written where something would be lost", async (name, text, says) => {
  using here = installation({ [name]: text });
  expect(await problemOf(() => here.open().set("gateway.port", 2))).toContain(says);
  expect(here.read(name)).toBe(text);
});

test("plain JSON is written formatted, in its own spelling", async () => {
  using here = installation({ "openclaw.json": '{"runtime":{"worker_concurrency":1},"unknown":[1]}' });
  await here.open().patch({ runtime: { workerConcurrency: 2, isVerbose: true } });
  expect(here.read("openclaw.json")).toBe(
    '{\n  "runtime": {\n    "worker_concurrency": 2,\n    "isVerbose": true\n  },\n  "unknown": [\n    1\n  ]\n}\n',
  );
});

test("no secret, written or filled in, is in anything that is shown", async () => {
  using here = installation({ "openclaw.toml": `${withSecrets}[gatway]\ntoken = "canary-unknown"\n` });
  const config = here.open({ environment: { ...environment, OPENCLAW_HOOKS_KEYS: "canary-x,canary-y" } });
  const outputs = [config, config.settings, config.view(), config.explain(), config.schema(), config.warnings];
  const paths = ["gateway", "gateway.auth.token", "models.providers.p.headers", "hooks.accounts", "hooks.keys.0"];
  const shown = [...outputs, ...paths.map((path) => config.get(path)), await config.set("runtime.ratio", 0.5)];
  const texts = shown.map((value) => `${JSON.stringify(value)}${Bun.inspect(value, { depth: 20 })}`);
  // The settings themselves hold what is no secret by its schema; everything else shows `${NAME}` there.
  texts[1] = texts[1]?.replaceAll(/canary-(place|key)/g, "") ?? "";
  expect(texts.filter((text) => text.includes("canary"))).toEqual([]);
  expect(config.get("gateway.auth.token")).toBe("[secret]");
  expect(config.get("gateway.bind")).toBe("at ${PLACE}");
  expect(config.settings.gateway.auth.token?.reveal()).toBe("canary-token");
  expect(config.settings.gateway.bind).toBe("at canary-place");
  expect(config.settings.hooks.accounts[1]?.apiToken.reveal()).toBe("canary-key");
});

test.each([
  [
    "a table",
    "gateway.auth = { token = ['canary'] }",
    "gateway.auth.token: expected a text that is not empty, found a list",
  ],
  ["a number", "gateway.auth.token = 1234567", "gateway.auth.token: expected a text that is not empty, found a number"],
  ["above", "gateway.auth = 'canary'", "gateway.auth: expected a table, found a text"],
  ["filled in", "gateway.port = '${TOKEN}'", "gateway.port: expected an integer between 0 and 65535, found a text"],
])("a wrong secret is not quoted: %s", async (_what, text, says) => {
  using here = installation({ "openclaw.toml": text });
  const problem = await problemOf(() => here.open({ environment }));
  expect(problem).toContain(says);
  expect(problem).not.toMatch(/canary|1234567/);
});

test("a number may be filled in, and $$ keeps the text", () => {
  using here = installation({ "openclaw.toml": '[gateway]\nport = "${PORT}"\nbind = "$${PORT} $PORT ${PORT}"\n' });
  const { settings } = here.open({ environment: { PORT: "81" } });
  expect(settings.gateway).toMatchObject({ port: 81, bind: "${PORT} $PORT 81" });
});

test("the whole view written back changes nothing but empty tables", async () => {
  using here = installation({ "openclaw.toml": withSecrets });
  const config = here.open({ environment });
  const { settings } = config;
  expect(await config.patch(config.view())).toEqual({ changed: [], restartRequired: [] });
  expect(here.open({ environment }).settings).toEqual(settings);
  for (const line of withSecrets.split("\n")) expect(here.read()).toContain(line);
});

test.each([
  ["a resolved text", { gateway: { bind: "at canary-place" } }],
  ["a shown text", { gateway: { bind: "at ${PLACE}" } }],
  ["a shown secret", { gateway: { auth: { token: "[secret]" } } }],
  ["the same secret", { gateway: { auth: { token: "canary-token" } } }],
  ["lists", { hooks: { keys: ["[secret]", "[secret]"] } }],
  ["a secret that is not set", { models: { providers: { p: { apiKey: "[secret]" } } }, gateway: {} }],
])("%s written back leaves the file as it is", async (_what, patch) => {
  using here = installation({ "openclaw.toml": withSecrets });
  await here.open({ environment }).patch(patch);
  expect(here.read()).toBe(withSecrets);
});

test("a list keeps what it had of secrets and filled-in texts", async () => {
  using here = installation({ "openclaw.toml": withSecrets });
  const config = here.open({ environment });
  await config.patch({ gateway: { allowedHosts: ["b", "canary-place", "c"] } });
  await config.patch({
    hooks: {
      accounts: [
        { name: "b", apiToken: "[secret]" },
        { name: "c", apiToken: "new" },
        { name: "a", apiToken: "[secret]" },
      ],
    },
  });
  expect(here.read()).toContain('allowed_hosts = ["b", "${PLACE}", "c"]');
  expect(Bun.TOML.parse(here.read())).toMatchObject({
    hooks: {
      accounts: [
        { name: "b", api_token: "${KEY}" },
        { name: "c", api_token: "new" },
        { name: "a", api_token: "canary-a" },
      ],
    },
  });
});

test.each([
  ["one of two that look the same", { hooks: { keys: ["[secret]"] } }, "hooks.keys: which secret"],
  ["a new entry", { hooks: { accounts: [{ name: "new", apiToken: "[secret]" }] } }, "hooks.accounts: which secret"],
])("[secret] in a list is refused when it is not clear what it stands for: %s", async (_what, patch, says) => {
  using here = installation({ "openclaw.toml": withSecrets });
  expect(await problemOf(() => here.open({ environment }).patch(patch))).toContain(says);
  expect(here.read()).toBe(withSecrets);
});

test("[secret] is never set as a secret", async () => {
  using here = installation({ "openclaw.toml": withSecrets });
  const config = here.open({ environment });
  expect(await problemOf(() => config.set("gateway.auth.token", "[secret]"))).toContain("only what is shown");
  await config.set("models.providers.p", { api: "anthropic-messages", api_key: "[secret]" });
  expect(Bun.TOML.parse(here.read())).toMatchObject({
    models: { providers: { p: { api: "anthropic-messages", api_key: "canary-written" } } },
  });
  expect(here.read()).not.toContain("[secret]");
});

test("a file with secrets that others can read is warned about", () => {
  using here = installation();
  writeFileSync(here.at("openclaw.toml"), withSecrets);
  expect(here.open({ environment }).warnings.join()).toContain("others on this machine can read it");
  writeFileSync(here.at("openclaw.toml"), "gateway.auth.token = '${TOKEN}'");
  expect(here.open({ environment }).warnings).toEqual([]);
});

test("who listens hears of a change when it counts, and of what others wrote once the file is read again", async () => {
  using here = installation();
  here.write("gateway.port = 1");
  const config = here.open();
  const heard: [string, number][] = [];
  const stop = config.subscribe(({ changed }) => heard.push([changed.join(), config.settings.gateway.port]));
  await config.set("gateway.port", 2);
  await config.set("gateway.port", 2);
  here.write("gateway.port = 3");
  expect(config.settings.gateway.port).toBe(2);
  expect(config.reload()).toEqual({ changed: ["gateway.port"], restartRequired: ["gateway.port"] });
  here.write("gateway.port = 'x'");
  expect(await problemOf(() => config.reload())).toContain("gateway.port");
  expect(config.settings.gateway.port).toBe(3);
  stop();
  here.write("gateway.port = 4");
  config.reload();
  expect(heard).toEqual([
    ["gateway.port", 2],
    ["gateway.port", 3],
  ]);
});

type Opened = ReturnType<ReturnType<typeof installation>["open"]>;
