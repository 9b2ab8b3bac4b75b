import { methods } from "#rpc";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { restRoutes } from "../../src/http/rest.ts";
import { openClawMethods } from "../../src/rpc/openclaw/adapters/index.ts";
import { Settings } from "../../src/settings.ts";
import { DeviceKey } from "../support/device-key.ts";
import { startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig } from "../support/gateway-process.ts";
import { openGateway } from "../support/open-gateway.ts";
import { SocketClient } from "../support/socket-client.ts";
import { until } from "../support/until.ts";

/** Where the settings hold a secret; a star stands for any name. */
function secretPaths(schema: TSchema, path: readonly string[] = []): string[] {
  if (schema["secret"] === true) return [path.join(".")];
  if (KindGuard.IsObject(schema)) {
    return Object.entries(schema.properties).flatMap(([name, child]) => secretPaths(child, [...path, name]));
  }
  if (KindGuard.IsRecord(schema)) {
    return Object.values(schema.patternProperties).flatMap((child) => secretPaths(child, [...path, "*"]));
  }
  if (KindGuard.IsArray(schema)) return secretPaths(schema.items, [...path, "*"]);
  return KindGuard.IsUnion(schema) ? schema.anyOf.flatMap((child) => secretPaths(child, path)) : [];
}

const canaryOf = (what: string) => `canary-${what}-${crypto.randomUUID()}`;

/** One for each place; those of the environment stand in the file by their name. */
const canaries = {
  "channels.discord.token": canaryOf("discord"),
  "channels.discord.accounts.*.token": canaryOf("discord-work"),
  "channels.slack.appToken": canaryOf("xapp"),
  "channels.slack.botToken": canaryOf("xoxb"),
  "channels.slack.signingSecret": canaryOf("signing"),
  "channels.slack.accounts.*.appToken": canaryOf("xapp-work"),
  "channels.slack.accounts.*.botToken": canaryOf("xoxb-work"),
  "channels.slack.accounts.*.signingSecret": canaryOf("signing-work"),
  "channels.telegram.token": `1:${canaryOf("telegram")}`,
  "channels.telegram.webhookSecret": canaryOf("hook"),
  "channels.telegram.accounts.*.token": `2:${canaryOf("telegram-work")}`,
  "channels.telegram.accounts.*.webhookSecret": canaryOf("hook-work"),
  "gateway.auth.token": canaryOf("token"),
  "gateway.auth.password": canaryOf("password"),
  "gateway.auth.passwordHash": canaryOf("hash"),
  "channels.webhook.secret": canaryOf("webhook"),
  "channels.webhook.accounts.*.secret": canaryOf("webhook-work"),
  "models.providers.*.apiKey": canaryOf("key"),
  "models.providers.*.headers.*": canaryOf("header"),
  "storage.url": canaryOf("storage"),
};
const fromEnvironment = {
  key: canaryOf("key-of-environment"),
  header: canaryOf("header-of-environment"),
  path: canaryOf("path-of-environment"),
};
const environment = {
  OPENCLAW_GATEWAY_TOKEN: canaries["gateway.auth.token"],
  OPENCLAW_GATEWAY_PASSWORD: canaries["gateway.auth.password"],
  CANARY_KEY: fromEnvironment.key,
  CANARY_HEADER: fromEnvironment.header,
  CANARY_PATH: fromEnvironment.path,
};

const moreProviders = `
[gateway.auth]
password_hash = "${canaries["gateway.auth.passwordHash"]}"

[channels.discord]
api_base = "http://127.0.0.1:9"
token = "${canaries["channels.discord.token"]}"
[channels.discord.accounts.work]
token = "${canaries["channels.discord.accounts.*.token"]}"

[channels.telegram]
api_root = "http://127.0.0.1:9"
token = "${canaries["channels.telegram.token"]}"
webhook_secret = "${canaries["channels.telegram.webhookSecret"]}"
[channels.telegram.accounts.work]
token = "${canaries["channels.telegram.accounts.*.token"]}"
webhook_secret = "${canaries["channels.telegram.accounts.*.webhookSecret"]}"

[channels.slack]
api_url = "http://127.0.0.1:9"
app_token = "${canaries["channels.slack.appToken"]}"
bot_token = "${canaries["channels.slack.botToken"]}"
signing_secret = "${canaries["channels.slack.signingSecret"]}"
[channels.slack.accounts.work]
app_token = "${canaries["channels.slack.accounts.*.appToken"]}"
bot_token = "${canaries["channels.slack.accounts.*.botToken"]}"
signing_secret = "${canaries["channels.slack.accounts.*.signingSecret"]}"

[channels.webhook]
url = "http://127.0.0.1:9"
secret = "${canaries["channels.webhook.secret"]}"
[channels.webhook.accounts.work]
secret = "${canaries["channels.webhook.accounts.*.secret"]}"

[logging]
level = "debug"

[models.providers.written]
api = "openai-completions"
base_url = "http://127.0.0.1:9/v1"
api_key = "${canaries["models.providers.*.apiKey"]}"
[models.providers.written.headers]
x-key = "${canaries["models.providers.*.headers.*"]}"

[models.providers.referring]
api = "anthropic-messages"
base_url = "http://127.0.0.1:9/\${CANARY_PATH}"
api_key = "\${CANARY_KEY}"
[models.providers.referring.headers]
x-key = "Bearer \${CANARY_HEADER}"
`;

const params: Readonly<Record<string, object>> = {
  "chat.history": { sessionKey: "main" },
  "chat.send": { sessionKey: "main", message: "hello", idempotencyKey: "again" },
  "config.patch": { patch: { gateway: { auth: { token: 7 } }, models: { providers: { written: { api_key: [] } } } } },
  "config.schema.lookup": { path: "models.providers.*.apiKey" },
  "node.describe": { nodeId: "x" },
  "sessions.describe": { sessionKey: "main" },
  "sessions.export": { sessionKey: "main" },
  "sessions.get": { sessionKey: "main" },
};

/** Those that end what the test looks at. */
const ending = ["connect", "sessions.delete", "sessions.reset"];

test("SEC-24: a canary in every secret of the settings, of devices and of setup codes is told by no method, route, event or log", async () => {
  expect(secretPaths(Settings).toSorted()).toEqual(Object.keys(canaries).toSorted());
  await using model = startFakeModel({
    script: [{ chunks: [`{"error":{"message":"no"}}`], status: 401 }, { parts: ["hello"] }],
  });
  const config = fakeModelConfig(model.url).replace("sk-fake-0123456789", "${CANARY_KEY}") + moreProviders;
  await using gateway = await openGateway(config, environment);
  const bearer = { authorization: `Bearer ${canaries["gateway.auth.token"]}` };
  const told: string[] = [];
  // Written while it runs: it opens no other storage before it is started again.
  const url = `postgres://ada:${canaries["storage.url"]}@127.0.0.1:9/x`;
  const moved = await gateway.call("config.patch", { patch: { storage: { url } } }, bearer);
  expect(moved.body.result).toMatchObject({ restartRequired: ["storage.url"] });
  told.push(JSON.stringify(moved.body));

  const device = new DeviceKey();
  const auth = { token: canaries["gateway.auth.token"] };
  const scopes = ["operator.admin", "operator.pairing", "operator.read", "operator.write"];
  const { client, answer } = await gateway.enter({ auth, device, scopes });
  const { deviceToken } = (answer.payload as { auth: { deviceToken: string } }).auth;
  const afterHello = client.texts.length;
  const made = await gateway.call("device.pair.setupCode", {}, bearer);
  const setupCode = String(made.body.result?.["setupCode"]);

  await using socket = await SocketClient.open(new URL("/ws", gateway.app.url).href.replace("http", "ws"), auth.token);
  await socket.ask("sessions.subscribe");
  await socket.ask("chat.send", { sessionKey: "main", message: "hello" });
  await until("an ending", () =>
    socket.notifications.find(({ method, params: { state } }) => method === "chat" && state !== "delta"),
  );
  for (const { name } of methods.filter(
    (method) => !ending.includes(method.name) && method.name !== "device.pair.setupCode",
  )) {
    told.push(JSON.stringify(await socket.ask(name, params[name] ?? {})));
  }
  const openClaw = openClawMethods.filter(({ name }) => !ending.includes(name) && name !== "device.pair.setupCode");
  for (const { name } of openClaw) await client.ask(name, params[name] ?? {});
  for (const path of [...Object.keys(canaries), "gateway.auth", "models.providers", "models.providers.written"]) {
    const named = path.replace("*", "written").replace("*", "x-key");
    told.push(JSON.stringify(await socket.ask("config.get", { path: named })));
  }
  const paths = restRoutes(methods).flatMap(({ verb, path }) =>
    verb === "GET" ? [path.replace(/\{\w+\}/g, "main")] : [],
  );
  const others = [
    "/health",
    "/ready",
    "/startup",
    "/status",
    "/rpc/methods",
    "/control-ui-config.json",
    "/openapi.json",
  ];
  for (const path of [...paths, ...others]) {
    const response = await fetch(new URL(path, gateway.app.url), { headers: bearer });
    told.push(await response.text(), JSON.stringify([...response.headers]));
  }
  const patched = await socket.ask("config.patch", { patch: { runtime: { maxQueue: 78 } } });
  expect(patched.error).toBeUndefined();
  told.push(JSON.stringify([patched, socket.notifications]), ...client.texts.slice(afterHello));
  told.push(readFileSync(join(gateway.home, "state/logs/gateway.log"), "utf8"));
  expect(told.length).toBeGreaterThan(150);

  const secrets = { ...canaries, ...fromEnvironment, deviceToken, setupCode };
  for (const [what, secret] of Object.entries(secrets)) {
    expect(secret.length, what).toBeGreaterThan(20);
    expect([what, told.filter((text) => text.includes(secret)).map((text) => text.slice(0, 200))]).toEqual([what, []]);
  }
  const written = readFileSync(join(gateway.home, "openclaw.toml"), "utf8");
  expect(written).toContain("max_queue = 78");
  for (const name of ["${CANARY_KEY}", "Bearer ${CANARY_HEADER}", "/${CANARY_PATH}"]) expect(written).toContain(name);
  for (const secret of Object.values(fromEnvironment)) expect(written).not.toContain(secret);
});
