import { expect, test } from "bun:test";
import { installation } from "./installation.ts";

/** Runs `change` on a file and gives the file's text afterwards. */
async function edited(text: string, change: (config: ReturnType<ReturnType<typeof installation>["open"]>) => unknown) {
  using here = installation({ "openclaw.toml": text });
  await change(here.open({ environment: { NAME: "n" } }));
  expect(Bun.TOML.parse(here.read())).toBeDefined();
  return here.read();
}

const commented = `# The settings of this host.

# about the gateway
[gateway] # the door
port = 1 # one
  # before bind
  bind = "lan"   # spaced

# about hosts
allowed_hosts = [
  "a", # first
  "b",
] # hosts

[gateway.auth]
mode = "none"

# last words
`;

test("a value is replaced where it stands", async () => {
  expect(await edited(commented, (c) => c.set("gateway.port", 2))).toBe(commented.replace("port = 1 #", "port = 2 #"));
  expect(await edited(commented, (c) => c.set("gateway.bind", 'x"\n\u007F'))).toBe(
    commented.replace('"lan"', String.raw`"x\"\n\u007F"`),
  );
});

test("a comment inside a replaced value moves above it", async () => {
  expect(await edited(commented, (c) => c.set("gateway.allowedHosts", ["c"]))).toBe(
    commented.replace(/allowed_hosts[^]*?\]/, '# first\nallowed_hosts = ["c"]'),
  );
});

test("a comment beside a removed value stays, on a line of its own", async () => {
  expect(await edited(commented, (c) => c.unset("gateway.bind"))).toBe(
    commented.replace('  bind = "lan"   # spaced', "  # spaced"),
  );
});

test("a removed table leaves its comments", async () => {
  const text =
    '[models.providers.x] # one\n# two\napi = "openai-completions" # three\n[models.providers.x.headers]\n# four\nA = "b"\n[gateway]\nport = 1\n';
  expect(await edited(text, (c) => c.unset("models.providers.x"))).toBe(
    "# one\n# two\n# three\n# four\n[gateway]\nport = 1\n",
  );
});

test.each([
  ["an empty file", "", "gateway.port", 2, "[gateway]\nport = 2\n"],
  ["comments only", "# c", "gateway.port", 2, "# c\n\n[gateway]\nport = 2\n"],
  [
    "a table with values",
    "[gateway]\nport = 1\n\n[runtime]\n",
    "gateway.bind",
    "b",
    '[gateway]\nport = 1\nbind = "b"\n\n[runtime]\n',
  ],
  ["an empty table", "[gateway] # c\n", "gateway.bind", "b", '[gateway] # c\nbind = "b"\n'],
  ["no newline at the end", "[gateway]\nport = 1", "gateway.bind", "b", '[gateway]\nport = 1\nbind = "b"\n'],
  ["indentation", "[gateway]\n  port = 1\n", "gateway.bind", "b", '[gateway]\n  port = 1\n  bind = "b"\n'],
  ["Windows line ends", "[gateway]\r\nport = 1\r\n", "gateway.bind", "b", '[gateway]\r\nport = 1\r\nbind = "b"\r\n'],
  ["a byte order mark", "\uFEFFgateway.port = 1\n", "gateway.port", 2, "\uFEFFgateway.port = 2\n"],
  [
    "a new table beside its kin",
    "[gateway]\nport = 1\n\n# r\n[runtime]\n",
    "gateway.auth.mode",
    "none",
    '[gateway]\nport = 1\n\n[gateway.auth]\nmode = "none"\n\n# r\n[runtime]\n',
  ],
  [
    "dotted keys",
    "gateway.port = 1\n[runtime]\n",
    "gateway.bind",
    "b",
    'gateway.port = 1\ngateway.bind = "b"\n[runtime]\n',
  ],
  [
    "dotted keys in a table",
    '[gateway]\nauth.mode = "none"\nport = 1\n',
    "gateway.auth.token",
    "t",
    '[gateway]\nauth.mode = "none"\nauth.token = "t"\nport = 1\n',
  ],
  [
    "an inline table",
    'gateway = { port = 1, auth = { mode = "none" } } # c\n',
    "gateway.auth.token",
    "t",
    'gateway = { port = 1, auth = { mode = "none", token = "t" } } # c\n',
  ],
  [
    "an inline table over lines",
    "gateway = {\n  port = 1, # c\n}\n",
    "gateway.port",
    2,
    "# c\ngateway = { port = 2 }\n",
  ],
  [
    "a table known by its child only",
    '[gateway.auth]\nmode = "none"\n',
    "gateway.port",
    2,
    '[gateway.auth]\nmode = "none"\n\n[gateway]\nport = 2\n',
  ],
  [
    "the other spelling",
    "[runtime]\nworkerConcurrency = 1\n",
    "runtime.worker_concurrency",
    2,
    "[runtime]\nworkerConcurrency = 2\n",
  ],
  [
    "a text over lines",
    '[gateway]\nbind = """\nport = 1 # no\n"""\nport = 1\n',
    "gateway.port",
    2,
    '[gateway]\nbind = """\nport = 1 # no\n"""\nport = 2\n',
  ],
  [
    "a literal text with a quote",
    "[gateway]\nbind = 'a\"#'\nport = 1\n",
    "gateway.port",
    2,
    "[gateway]\nbind = 'a\"#'\nport = 2\n",
  ],
  ["quoted keys", '["gateway"]\n"p\\u006frt" = 1\n', "gateway.port", 2, '["gateway"]\n"p\\u006frt" = 2\n'],
  [
    "an array of tables behind",
    '[gateway]\nport = 1\n[[hooks.accounts]]\nname = "a"\napi_token = "t"\n',
    "gateway.bind",
    "b",
    '[gateway]\nport = 1\nbind = "b"\n[[hooks.accounts]]\nname = "a"\napi_token = "t"\n',
  ],
  [
    "an own key that needs quotes",
    '[models.providers."a.b"]\napi = "openai-completions"\n',
    'models.providers."a.b".headers',
    { "x y": "1" },
    '[models.providers."a.b"]\napi = "openai-completions"\n\n[models.providers."a.b".headers]\n"x y" = "1"\n',
  ],
  [
    "a whole table",
    "[gateway]\nport = 1\n",
    "models.providers.p",
    { headers: { A: "b" }, api: "anthropic-messages", baseUrl: "u" },
    '[gateway]\nport = 1\n\n[models.providers.p]\napi = "anthropic-messages"\nbase_url = "u"\n\n[models.providers.p.headers]\nA = "b"\n',
  ],
  [
    "a text where a table was",
    '# c\n[models.default]\nprimary = "p" # d\n',
    "models.default",
    "m",
    '# c\n# d\n\n[models]\ndefault = "m"\n',
  ],
  [
    "a table where a text was",
    '[models]\ndefault = "m" # c\n',
    "models.default",
    { primary: "p" },
    '[models]\ndefault = { primary = "p" } # c\n',
  ],
  [
    "a list where an array of tables was",
    '[[hooks.accounts]]\nname = "a" # c\napi_token = "t"\n',
    "hooks.accounts",
    [{ name: "b", api_token: "u" }],
    '# c\n\n[hooks]\naccounts = [{ name = "b", api_token = "u" }]\n',
  ],
  [
    "a long list",
    "[gateway]\n",
    "gateway.allowed_hosts",
    ["a".repeat(60), "b".repeat(60)],
    `[gateway]\nallowed_hosts = [\n  "${"a".repeat(60)}",\n  "${"b".repeat(60)}",\n]\n`,
  ],
])("set beside %s", async (_what, text, path, value, expected) => {
  expect(await edited(text, (c) => c.set(path, value))).toBe(expected);
});

test.each([
  ["the last of dotted keys", "gateway.port = 1\n[runtime]\n", "gateway.port", "[runtime]\n"],
  ["part of an inline table", "gateway = { port = 1, bind = 'x' }\n", "gateway.port", 'gateway = { bind = "x" }\n'],
  [
    "an array of tables",
    '[[hooks.accounts]]\nname = "a"\napi_token = "t"\n[[hooks.accounts]]\nname = "b"\napi_token = "t"\n[gateway]\n',
    "hooks.accounts",
    "[gateway]\n",
  ],
  ["something unknown", "[gateway]\nprot = 1\n", "gateway.prot", "[gateway]\n"],
  ["what is not there", "[gateway]\n", "gateway.port", "[gateway]\n"],
  ["the other spelling", "[runtime]\nworkerConcurrency = 2\n", "runtime.worker_concurrency", "[runtime]\n"],
])("unset %s", async (_what, text, path, expected) => {
  expect(await edited(text, (c) => c.unset(path))).toBe(expected);
});
