import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { token } from "../support/gateway-process.ts";
import { openOpenClawHouse as openHouse } from "../support/openclaw-house.ts";
import { resultProblems } from "../support/openclaw-schema.ts";

interface Read {
  readonly config: Record<string, unknown>;
  readonly hash: string;
}

const canary = "sk-canary-0123456789-never-shown";
const headerCanary = "header-canary-0123456789";
const reference = 'api_key = "${OPENCLAW_GATEWAY_AUTH_TOKEN}"';
const more = `
[models.providers.referring]
api = "openai-completions"
base_url = "http://127.0.0.1:9/v1"
${reference}
`;

async function open() {
  const house = await openHouse(["hi"], {}, more);
  const { client, folder } = house;
  const file = () => readFileSync(join(folder, "openclaw.toml"), "utf8");
  await client.request("config.patch", { raw: JSON.stringify({ models: { providers: { other: otherProvider } } }) });
  return {
    house,
    client,
    file,
    read: () => client.request<Read>("config.get"),
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
}

const otherProvider = {
  api: "openai-completions",
  baseUrl: "http://127.0.0.1:9/v1",
  apiKey: canary,
  headers: { "x-key": headerCanary },
};

test("the settings are read without their secrets, and written back as they were read they stay what they are", async () => {
  await using opened = await open();
  const { house, client, file, read } = opened;
  const before = file();
  const shown = await read();
  expect(shown).toMatchObject({
    valid: true,
    issues: [],
    config: { models: { providers: { other: { apiKey: "__OPENCLAW_REDACTED__" } } } },
  });
  const written = await client.request("config.set", { raw: JSON.stringify(shown.config), baseHash: shown.hash });
  expect(written).toMatchObject({ ok: true, hash: shown.hash });
  expect(file()).toBe(before);
  const patched = await client.request("config.patch", { raw: JSON.stringify(shown.config), baseHash: shown.hash });
  expect(patched).toMatchObject({ ok: true, changedPaths: [] });
  await client.request("config.patch", { raw: '{"runtime":{"maxQueue":78}}' });
  for (const kept of [canary, headerCanary, reference]) expect(file()).toContain(kept);
  house.expectSchema();
});

test("one value is changed, one taken out; a change to settings that are others by now is refused", async () => {
  await using opened = await open();
  const { client, file, read } = opened;
  const { config, hash } = await read();
  const wanted = structuredClone(config) as {
    runtime: { maxQueue: number };
    models: { providers: Record<string, unknown> };
  };
  wanted.runtime.maxQueue = 77;
  delete wanted.models.providers["other"];
  const set = await client.request<Read>("config.set", {
    raw: `// by hand\n${JSON.stringify(wanted)}`,
    baseHash: hash,
  });
  expect(set.config).toMatchObject({ runtime: { maxQueue: 77 } });
  expect(file()).toContain("max_queue = 77");
  expect(file()).not.toContain(canary);
  expect(file()).not.toContain("worker_concurrency");
  for (const method of ["config.set", "config.patch"]) {
    await expect(client.request(method, { raw: JSON.stringify(wanted), baseHash: hash })).rejects.toThrow(
      "changed since it was read",
    );
  }
  const raw = "{ runtime: { max_queue: 78 } }";
  expect(await client.request("config.patch", { raw, baseHash: set.hash })).toMatchObject({
    changedPaths: ["runtime.max_queue"],
    config: { runtime: { maxQueue: 78 } },
  });
});

test.each([
  ["no JSON5", "{", "it is no JSON5"],
  ["a list", "[]", "it is no object"],
  ["a setting that there is not", '{"gatewai":{"port":1}}', "gatewai"],
  ["a value that does not fit", '{"runtime":{"maxQueue":"many"}}', "max_queue"],
  ["a name that reaches the prototype", '{"__proto__":{"port":1}}', "__proto__"],
])("%s is not written", async (_what, raw, problem) => {
  await using opened = await open();
  const { client, file } = opened;
  const before = file();
  await expect(client.request("config.patch", { raw })).rejects.toThrow(problem);
  expect(file()).toBe(before);
});

test("the schema speaks of the keys that are shown, and marks what is secret", async () => {
  await using opened = await open();
  const { client } = opened;
  const schema = await client.request<{ schema: object; uiHints: Record<string, object> }>("config.schema");
  expect(resultProblems("config.schema", schema)).toEqual([]);
  expect(schema.schema).toMatchObject({ properties: { runtime: { properties: { maxQueue: {} } } } });
  expect(schema.uiHints["models.providers.*.apiKey"]).toMatchObject({ sensitive: true });
  expect(schema.uiHints["gateway.auth.token"]).toMatchObject({ sensitive: true });
  for (const path of ["gateway", "gateway.port", "models.providers.fake.apiKey"]) {
    const found = await client.request("config.schema.lookup", { path });
    expect(resultProblems("config.schema.lookup", found)).toEqual([]);
  }
  expect(await client.request("config.schema.lookup", { path: "gateway" })).toMatchObject({
    children: expect.arrayContaining([expect.objectContaining({ key: "port", path: "gateway.port" })]),
  });
  await expect(client.request("config.schema.lookup", { path: "gateway.nothing" })).rejects.toThrow("no such setting");
  await expect(client.request("config.schema.lookup", { path: "__proto__" })).rejects.toThrow("no such setting");
});

test("no method that may be called to read shows a secret, nor does an event", async () => {
  await using opened = await open();
  const { house, client } = opened;
  const reader = await house.join({ scopes: ["operator.read"] });
  await client.request("chat.send", { sessionKey: "main", message: "/status", idempotencyKey: "s" });
  await client.request("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "r" });
  await client.ending("r");
  const { methods = [] } = reader.hellos[0]?.features ?? {};
  const params: Record<string, unknown>[] = [
    {},
    { key: "main" },
    { sessionKey: "main" },
    { keys: ["main"] },
    { path: "models" },
  ];
  const answered = new Set<string>();
  for (const method of methods) {
    for (const given of params) {
      const answer = await reader.request(method, given).catch(() => undefined);
      if (answer !== undefined) answered.add(method);
    }
  }
  expect(answered.size).toBeGreaterThan(20);
  for (const name of ["config.get", "logs.tail", "chat.history", "sessions.preview"]) expect(answered).toContain(name);
  const said = house.relay.said.join("\n");
  expect(said).toContain("__OPENCLAW_REDACTED__");
  for (const secret of [canary, headerCanary, token, "sk-fake-0123456789"]) expect(said).not.toContain(secret);
});
