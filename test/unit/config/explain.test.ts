import { expect, test } from "bun:test";
import { installation } from "./installation.ts";

test("every setting is explained: value, source, variable, description", () => {
  using here = installation({
    "openclaw.toml": '[gateway.auth]\ntoken = "t"\n[models.providers."my.own"]\napi = "openai-completions"\n',
  });
  const config = here.open({ environment: { OPENCLAW_GATEWAY_BIND: "lan" }, flags: { "runtime.isVerbose": true } });
  const explained = new Map(config.explain().map((entry) => [entry.path, entry]));
  expect(explained.get("gateway.auth.token")).toEqual({
    path: "gateway.auth.token",
    value: "[secret]",
    source: "file",
    variable: "OPENCLAW_GATEWAY_AUTH_TOKEN",
    description: "The token.",
  });
  expect(explained.get("gateway.bind")).toMatchObject({ value: "lan", source: "environment" });
  expect(explained.get("runtime.is_verbose")).toMatchObject({ value: true, source: "flag" });
  expect(explained.get("runtime.worker_concurrency")).toMatchObject({ value: 4, source: "default" });
  expect(explained.get('models.providers."my.own".api')).toMatchObject({
    source: "file",
    variable: "OPENCLAW_MODELS_PROVIDERS_MY_OWN_API",
  });
  expect(explained.has("models.providers")).toBe(false);
  expect(explained.get("runtime.ratio")).toMatchObject({ value: undefined, source: "default" });
  expect(explained.get("models.default.primary")).toMatchObject({ value: undefined });
  const named = here.open({ flags: { "models.default": "m" } }).explain("models.default");
  expect(named).toMatchObject([{ path: "models.default", value: "m", source: "flag" }]);
  expect(config.explain("gateway.auth").map(({ path }) => path)).toEqual(["gateway.auth.mode", "gateway.auth.token"]);
});

test("the schema is JSON Schema in the file's spelling", () => {
  using here = installation();
  const schema = here.open().schema();
  expect(schema).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      gateway: {
        properties: {
          port: { type: "integer", minimum: 0, default: 18_789, description: "TCP port.", "x-restart": true },
          auth: {
            default: {},
            properties: {
              mode: { enum: ["token", "none"], default: "token", description: "Who may." },
              token: { type: "string", writeOnly: true },
            },
          },
          allowed_hosts: { type: "array", items: { type: "string" } },
        },
      },
      models: {
        properties: {
          providers: {
            patternProperties: { "^(.*)$": { required: ["api"], properties: { base_url: { type: "string" } } } },
          },
        },
      },
      hooks: { properties: { accounts: { items: { required: ["name", "api_token"] } } } },
    },
  });
  expect(schema).not.toHaveProperty("required");
  expect(JSON.stringify(schema)).not.toMatch(/allowedHosts|"secret"|"restart"|anyOf":null/);
});

test("single values are got by either spelling", () => {
  using here = installation({ "openclaw.toml": 'gateway.allowed_hosts = ["a"]\n' });
  const config = here.open();
  expect(config.get("gateway.allowedHosts")).toEqual(["a"]);
  expect(config.get("gateway.allowed_hosts.0")).toBe("a");
  expect(config.get("runtime.ratio")).toBeUndefined();
  expect(config.get("gateway.auth")).toEqual({ mode: "token" });
});
