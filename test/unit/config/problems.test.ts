import { expect, test } from "bun:test";
import { installation, problemOf } from "./installation.ts";

test.each([
  [
    "an integer",
    '[gateway]\n# c\nport = "abc"\n',
    ':3: gateway.port: expected an integer between 0 and 65535, found "abc"',
  ],
  [
    "out of range",
    "[gateway]\nport = 70000\n",
    ":2: gateway.port: expected an integer between 0 and 65535, found 70000",
  ],
  [
    "only a minimum",
    "[runtime]\nworker_concurrency = 0",
    ":2: runtime.worker_concurrency: expected an integer of at least 1, found 0",
  ],
  ["a number", "[runtime]\nratio = 2", ":2: runtime.ratio: expected a number between 0 and 1, found 2"],
  ["a choice", 'gateway.auth.mode = "tokn"', ':1: gateway.auth.mode: expected one of "token", "none", found "tokn"'],
  ["a boolean", '[runtime]\nis_verbose = "yes"', ':2: runtime.is_verbose: expected true or false, found "yes"'],
  ["an empty text", '[gateway]\nbind = ""', ':2: gateway.bind: expected a text that is not empty, found ""'],
  ["a list", '[gateway]\nallowed_hosts = "a"', ':2: gateway.allowed_hosts: expected a list, found "a"'],
  [
    "an item",
    '[gateway]\nallowed_hosts = ["a", 3]',
    ":2: gateway.allowed_hosts.1: expected a text that is not empty, found 3",
  ],
  ["a table", "gateway = 3", ":1: gateway: expected a table, found a number"],
  [
    "a missing key",
    "[models.providers.x]\nbase_url = 'u'",
    ':1: models.providers.x.api: expected one of "openai-completions", "anthropic-messages", found nothing',
  ],
  [
    "inside an array of tables",
    '[[hooks.accounts]]\nname = "a"\napi_token = "t"\n[[hooks.accounts]]\nname = 5\napi_token = "t"',
    ":5: hooks.accounts.1.name: expected a text, found 5",
  ],
  [
    "inside one part of a union",
    "[models.default]\nprimary = 1",
    ":2: models.default.primary: expected a text, found 1",
  ],
  ["a union", "[models]\ndefault = 1", ":2: models.default: expected a text that is not empty or a table, found 1"],
  [
    "a date",
    "[gateway]\nport = 2026-01-02",
    ':2: gateway.port: expected an integer between 0 and 65535, found "2026-01-02"',
  ],
  [
    "two spellings",
    "[gateway]\nallowed_hosts = []\nallowedHosts = []",
    ":3: gateway.allowed_hosts and gateway.allowedHosts are the same setting; keep one",
  ],
  ["a missing variable", "[gateway]\nbind = 'a${NO_SUCH}'", ":2: gateway.bind: the environment has no NO_SUCH"],
])("TOML: %s", async (_what, text, says) => {
  using here = installation({ "openclaw.toml": text });
  expect(await problemOf(() => here.open())).toBe(
    `The configuration is not valid: ${here.at("openclaw.toml")}${says}.`,
  );
});

test.each([
  ["JSON5", "openclaw.json5", "// c\n{\n  gateway: {\n    // port: 1,\n    'port': \"abc\",\n  },\n}\n", 5],
  [
    "JSON",
    "openclaw.json",
    '{\n  "models": {"x": [1, {"a": 2}], "default": "d:{"},\n  "gateway": {\n    "port": "abc"\n  }\n}\n',
    4,
  ],
  [
    "YAML",
    "openclaw.yaml",
    "# c\nruntime:\n  is_verbose: true # port: 1\ngateway:\n  bind: |\n    port: 1\n  port: abc\n",
    7,
  ],
])("%s: the line of the key", async (_format, name, text, line) => {
  using here = installation({ [name]: text });
  expect(await problemOf(() => here.open())).toBe(
    `The configuration is not valid: ${here.at(name)}:${line}: gateway.port: expected an integer between 0 and 65535, found "abc".`,
  );
});

test.each([
  [
    "openclaw.json5",
    "{ hooks: { accounts: [\n  { name: 'a', apiToken: 't' },\n  { apiToken: 't',\n    name: 5 } ] } }",
    4,
  ],
  ["openclaw.yaml", "hooks:\n  accounts:\n  - name: a\n    api_token: t\n  -\n    api_token: t\n    name: 5\n", 7],
  ["openclaw.yaml", "hooks:\n  accounts:\n    - name: a\n      api_token: t\n    - name: 5\n      api_token: t\n", 5],
])("%s: the line inside a list", async (name, text, line) => {
  using here = installation({ [name]: text });
  expect(await problemOf(() => here.open())).toContain(`:${line}: hooks.accounts.1.name: expected a text, found 5`);
});

test.each([
  ["openclaw.toml", 'a = 1\n\n[gateway]\nport = canary-1\nbind = "x"\n', ":4: Strings must be quoted"],
  ["openclaw.toml", "[gateway]\nport = 1\nport = 2\n", ":3: Cannot redefine key 'port'"],
  ["openclaw.toml", "[gateway]\nport = 1\n[runtime]\n\n[gateway]\n", ":5: Cannot redefine table 'gateway'"],
  ["openclaw.toml", 'a = """\nx\n"""\n[gateway]\nbind = "canary-1\n[runtime]\n', ":5: Unterminated string"],
  ["openclaw.toml", "x = [\n  1, # ]\n  canary-1,\n]\ny = 1\n", ":1: "],
  ["openclaw.json5", "{\n  gateway: {\n    port: 1\n    bind: 'canary-1',\n  }\n}", ":4: "],
  ["openclaw.json", '{\n  "gateway": {\n    "port": 1,\n    "token": "canary-1\n  }\n}', ":4: "],
  ["openclaw.yaml", "gateway:\n  port: 1\n\tbind: canary-1\n", ":3: "],
  ["openclaw.yaml", "gateway:\n  auth: [a\nruntime:\n  x: 'canary-1\n", ":2: "],
])("%s: a syntax error has its line and quotes nothing (%#)", async (name, text, says) => {
  using here = installation({ [name]: text });
  const problem = await problemOf(() => here.open());
  expect(problem).toContain(`${here.at(name)}${says}`);
  expect(problem).not.toContain("canary");
});

test("a cause keeps nothing of what the parser quoted", () => {
  using here = installation({ "openclaw.toml": "token = canary-1" });
  const caught = (() => {
    try {
      return here.open();
    } catch (error) {
      return error;
    }
  })();
  expect(Bun.inspect(caught)).toContain("Strings must be quoted");
  expect(Bun.inspect(caught)).not.toContain('canary-1"');
  expect(caught).toMatchObject({ name: "Fault", code: "configInvalid", cause: { name: "SyntaxError" } });
  expect(Bun.inspect(Reflect.get(Object(caught), "cause"))).not.toContain("canary");
});

test("variables and flags are blamed by name", async () => {
  using here = installation();
  const environment = { OPENCLAW_GATEWAY_PORT: "abc", OPENCLAW_GATEWAY_ALLOWED_HOSTS: "[1" };
  expect(await problemOf(() => here.open({ environment, flags: { "gateway.auth.mode": "x" } }))).toBe(
    [
      "The configuration has 3 problems:",
      '  OPENCLAW_GATEWAY_PORT: expected an integer between 0 and 65535, found "abc"',
      '  the flag for gateway.auth.mode: expected one of "token", "none", found "x"',
      '  OPENCLAW_GATEWAY_ALLOWED_HOSTS: expected a list, found "[1"',
    ].join("\n"),
  );
});

test("a value inside a variable is blamed on the variable that is set", async () => {
  using here = installation();
  const environment = { OPENCLAW_MODELS_PROVIDERS: '{"x":{"api":1}}' };
  expect(await problemOf(() => here.open({ environment }))).toContain(
    "OPENCLAW_MODELS_PROVIDERS: models.providers.x.api: expected one of",
  );
});

test("all problems are told at once, twenty at most", async () => {
  const providers = Array.from({ length: 30 }, (_, i) => `[models.providers.p${i}]\napi = ${i}\n`).join("");
  using here = installation({ "openclaw.toml": providers });
  const lines = (await problemOf(() => here.open())).split("\n");
  expect(lines).toHaveLength(22);
  expect(lines[0]).toBe("The configuration has 30 problems:");
  expect(lines[1]).toContain('openclaw.toml:2: models.providers.p0.api: expected one of "openai-completions"');
  expect(lines[21]).toBe("  and 10 more");
});

test("unknown keys warn with line and nearest name, and are not taken", () => {
  using here = installation({ "openclaw.toml": "[gateway]\nprot = 1\n[gatway]\nx = 1\n[gateway.auth]\nzzzzzz = 1\n" });
  const config = here.open();
  const file = here.at("openclaw.toml");
  expect(config.warnings).toEqual([
    `${file}:2: gateway.prot is not known and is ignored; did you mean gateway.port?`,
    `${file}:6: gateway.auth.zzzzzz is not known and is ignored`,
    `${file}:3: gatway is not known and is ignored; did you mean gateway?`,
  ]);
  expect(config.view()).not.toHaveProperty("gatway");
});

test.each([
  ["too large", "openclaw.toml", `# ${"x".repeat(1_100_000)}`, "is larger than"],
  ["nested too deeply", "openclaw.json5", "[".repeat(200_000), "nested too deeply"],
  ["no table", "openclaw.yaml", "- 1\n- 2\n", "has to hold a table"],
  ["too many values", "openclaw.toml", `hooks.extra = [${"1,".repeat(60_000)}]`, "more than 50000 values"],
])("a file that is %s is refused", async (_what, name, text, says) => {
  using here = installation({ [name]: text });
  expect(await problemOf(() => here.open())).toContain(says);
});

test("a file that is not UTF-8 is refused, so that writing cannot damage it", async () => {
  using here = installation();
  await Bun.write(here.at("openclaw.toml"), new Uint8Array([0x23, 0xff, 0x0a]));
  expect(await problemOf(() => here.open())).toContain("is not UTF-8");
});
