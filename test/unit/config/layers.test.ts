import { Secret } from "#base";
import { expect, test } from "bun:test";
import { installation, problemOf } from "./installation.ts";

const layers = [
  { source: "environment", port: 1 },
  { source: "flag", port: 2 },
  { source: "file", port: 3 },
  { source: "default", port: 18_789 },
] as const;

// Every subset of the layers that can be left out.
test.each(Array.from({ length: 8 }, (_, mask) => mask))("the strongest of the layers given wins (%#)", (mask) => {
  const given = layers.filter((layer, i) => layer.source === "default" || (mask & (1 << i)) !== 0);
  const has = (source: string) => given.some((layer) => layer.source === source);
  using here = installation(has("file") ? { "openclaw.toml": "[gateway]\nport = 3\n" } : {});
  const config = here.open({
    environment: has("environment") ? { OPENCLAW_GATEWAY_PORT: "1" } : {},
    flags: has("flag") ? { "gateway.port": 2 } : {},
  });
  const strongest = given[0];
  expect(config.settings.gateway.port).toBe(strongest?.port ?? Number.NaN);
  expect(config.explain("gateway.port")).toMatchObject([{ value: strongest?.port, source: strongest?.source }]);
  const isLost = has("environment") && has("flag");
  expect(config.warnings.filter((w) => w.includes("OPENCLAW_GATEWAY_PORT is set"))).toHaveLength(isLost ? 1 : 0);
});

test.each([
  [{ OPENCLAW_GATEWAY_TOKEN: "other" }, "other"],
  [{ OPENCLAW_GATEWAY_TOKEN: "other", OPENCLAW_GATEWAY_AUTH_TOKEN: "computed" }, "computed"],
  [{ OPENCLAW_GATEWAY_TOKEN: "other", OPENCLAW_GATEWAY_AUTH_TOKEN: "" }, "other"],
  [{}, "file"],
])("a setting may have a second variable, which is the weaker one: %p", (environment, expected) => {
  using here = installation({ "openclaw.toml": '[gateway.auth]\ntoken = "file"\n' });
  const config = here.open({ environment });
  expect(config.settings.gateway.auth.token?.reveal()).toBe(expected);
  expect(config.explain("gateway.auth.token")).toMatchObject([
    { source: expected === "file" ? "file" : "environment" },
  ]);
  expect(config.warnings).toEqual([]);
});

test("defaults fill every depth, also inside records and lists", () => {
  using here = installation({
    "openclaw.toml": '[models.providers.fake]\napi = "openai-completions"\nmodels = [{ id = "m" }]\n',
  });
  const { settings, file, warnings } = here.open();
  expect(settings.gateway).toEqual({
    port: 18_789,
    bind: "loopback",
    auth: { mode: "token" },
    allowedHosts: [],
  });
  expect(settings.models.providers["fake"]?.models).toEqual([{ id: "m", contextWindow: 128_000 }]);
  expect(settings.runtime.ratio).toBeUndefined();
  expect(file).toBe(here.at("openclaw.toml"));
  expect(warnings).toEqual([]);
});

test("no file at all is all defaults, and the TOML file would be written", () => {
  using here = installation();
  const config = here.open();
  expect(config.settings.runtime).toEqual({ workerConcurrency: 4, isVerbose: false });
  expect(config.file).toBe(here.at("openclaw.toml"));
});

test("the home's files are searched in order, and those left unread are named", () => {
  using here = installation({
    "openclaw.json5": "{ gateway: { port: 5 } }",
    "openclaw.json": '{ "gateway": { "port": 6 } }',
  });
  const config = here.open();
  expect(config.settings.gateway.port).toBe(5);
  expect(config.warnings).toEqual([`${here.at("openclaw.json")} is not read, because ${here.at("openclaw.json5")} is`]);
});

test("a named file is read, --config before OPENCLAW_CONFIG, and has to exist", async () => {
  using here = installation({ "a.toml": "[gateway]\nport = 7\n", "b.yaml": "gateway:\n  port: 8\n" });
  const environment = { OPENCLAW_CONFIG: here.at("a.toml") };
  expect(here.open({ environment }).settings.gateway.port).toBe(7);
  expect(here.open({ environment, file: here.at("b.yaml") }).settings.gateway.port).toBe(8);
  expect(await problemOf(() => here.open({ file: here.at("c.toml") }))).toContain("There is no file");
  expect(await problemOf(() => here.open({ file: here.at("c.ini") }))).toContain("does not end in one of .toml");
});

test.each([
  [
    "TOML",
    "openclaw.toml",
    '[gateway]\nport = 9\nallowed_hosts = ["a"]\n[models.providers."My.Own"]\napi = "openai-completions"\nbase_url = "u"\n',
  ],
  [
    "JSON5",
    "openclaw.json5",
    "{ gateway: { port: 9, allowed_hosts: ['a'] }, models: { providers: { 'My.Own': { api: 'openai-completions', baseUrl: 'u' } } } }",
  ],
  [
    "JSON with comments",
    "openclaw.json",
    '{ /* c */ "gateway": { "port": 9, "allowedHosts": ["a"] }, "models": { "providers": { "My.Own": { "api": "openai-completions", "base_url": "u" } } } }',
  ],
  [
    "YAML",
    "openclaw.yml",
    "gateway:\n  port: 9\n  allowedHosts: [a]\nmodels:\n  providers:\n    My.Own: { api: openai-completions, base_url: u }\n",
  ],
])("%s says the same, in either spelling, and own keys stay as they are", (_format, name, text) => {
  using here = installation({ [name]: text });
  const { settings, warnings } = here.open();
  expect(settings.gateway).toMatchObject({ port: 9, allowedHosts: ["a"] });
  expect(settings.models.providers).toEqual({ "My.Own": { api: "openai-completions", baseUrl: "u", models: [] } });
  expect(warnings).toEqual([]);
});

test.each([
  ["an integer", "OPENCLAW_RUNTIME_WORKER_CONCURRENCY", "12", "runtime.workerConcurrency", 12],
  ["a number", "OPENCLAW_RUNTIME_RATIO", "0.5", "runtime.ratio", 0.5],
  ["a boolean", "OPENCLAW_RUNTIME_IS_VERBOSE", "true", "runtime.isVerbose", true],
  ["a boolean as a digit", "OPENCLAW_RUNTIME_IS_VERBOSE", "1", "runtime.isVerbose", true],
  ["a text of digits", "OPENCLAW_GATEWAY_BIND", "127", "gateway.bind", "127"],
  ["a list by commas", "OPENCLAW_GATEWAY_ALLOWED_HOSTS", "a, b,", "gateway.allowedHosts", ["a", "b"]],
  ["a list as JSON", "OPENCLAW_GATEWAY_ALLOWED_HOSTS", '["a,b"]', "gateway.allowedHosts", ["a,b"]],
  [
    "a key of a record in the file",
    "OPENCLAW_MODELS_PROVIDERS_MY_OWN_BASE_URL",
    "u",
    'models.providers."my.own".base_url',
    "u",
  ],
  [
    "a whole record as JSON",
    "OPENCLAW_MODELS_PROVIDERS",
    '{"x":{"api":"openai-completions","base_url":"v"}}',
    "models.providers.x.baseUrl",
    "v",
  ],
  [
    "a table where the file has a text",
    "OPENCLAW_MODELS_DEFAULT_PRIMARY",
    "p",
    "models.default",
    { primary: "p", fallbackModels: [] },
  ],
])("%s from the environment", (_what, variable, text, path, value) => {
  using here = installation({
    "openclaw.toml": '[models]\ndefault = "d"\n[models.providers."my.own"]\napi = "openai-completions"\n',
  });
  const config = here.open({ environment: { [variable]: text } });
  expect(config.get(path)).toEqual(value);
  expect(config.warnings).toEqual([]);
});

test("a record given as one variable takes more from others", () => {
  using here = installation();
  const { settings } = here.open({
    environment: {
      OPENCLAW_MODELS_PROVIDERS: '{"fake":{"api":"openai-completions"}}',
      OPENCLAW_MODELS_PROVIDERS_FAKE_BASE_URL: "http://x",
    },
  });
  expect(settings.models.providers["fake"]).toMatchObject({ api: "openai-completions", baseUrl: "http://x" });
});

test("an empty variable sets nothing; an unknown one is named with the nearest; its value is not shown", () => {
  using here = installation();
  const config = here.open({
    environment: {
      OPENCLAW_GATEWAY_BIND: "",
      OPENCLAW_GATEWAY_PROT: "canary-1",
      OPENCLAW_HOME: "/somewhere",
      PATH: "/bin",
    },
  });
  expect(config.settings.gateway.bind).toBe("loopback");
  expect(config.warnings).toEqual(["OPENCLAW_GATEWAY_PROT sets nothing; did you mean OPENCLAW_GATEWAY_PORT?"]);
});

test("flags come in either spelling, as texts or values, and must be known", async () => {
  using here = installation();
  const flags = { "runtime.worker_concurrency": "8", "gateway.auth.mode": "none", "gateway.bind": undefined };
  const { settings } = here.open({ flags });
  expect(settings.runtime.workerConcurrency).toBe(8);
  expect(settings.gateway.auth.mode).toBe("none");
  expect(await problemOf(() => here.open({ flags: { "gateway.nope": 1 } }))).toContain(
    "there is no setting gateway.nope",
  );
  expect(await problemOf(() => here.open({ flags: { "__proto__.x": 1 } }))).toContain(
    "there is no setting __proto__.x",
  );
});

test("a secret given as one is taken as what is inside it", () => {
  using here = installation();
  const config = here.open({ flags: { "gateway.auth.token": new Secret("inside") } });
  expect(config.settings.gateway.auth.token?.reveal()).toBe("inside");
});

test("a variable that two settings share is refused when it is set", async () => {
  using here = installation({
    "openclaw.toml":
      '[models.providers."a.b"]\napi = "openai-completions"\n[models.providers."a-b"]\napi = "openai-completions"\n',
  });
  expect(here.open().warnings).toEqual([]);
  const environment = { OPENCLAW_MODELS_PROVIDERS_A_B_BASE_URL: "u" };
  expect(await problemOf(() => here.open({ environment }))).toContain(
    'OPENCLAW_MODELS_PROVIDERS_A_B_BASE_URL could mean models.providers."a.b".base_url or models.providers.a-b.base_url',
  );
});

test("keys that reach into objects are dropped, whatever brings them", () => {
  using here = installation({
    "openclaw.json": '{"__proto__":{"polluted":1},"gateway":{"constructor":{"prototype":{"polluted":1}},"port":1}}',
  });
  const config = here.open({
    environment: { OPENCLAW_MODELS_PROVIDERS: '{"__proto__":{"api":"openai-completions"}}' },
  });
  expect(config.settings.gateway.port).toBe(1);
  expect(Object.keys(config.settings.models.providers)).toEqual([]);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
  expect(Object.hasOwn(config.settings.gateway, "constructor")).toBe(false);
  expect(config.warnings).toHaveLength(3);
});
