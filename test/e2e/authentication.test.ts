import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig, type GatewayProcess, startGateway, token } from "../support/gateway-process.ts";
import { sendRaw } from "../support/raw-http.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { type RpcError, SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const json = { "content-type": "application/json" };
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** The ways to show a token, each with what became of it: a status, or the name of a fault. */
const ways: Readonly<Record<string, (gateway: GatewayProcess, shown: string) => Promise<number | string>>> = {
  "Authorization over HTTP": async ({ url }, shown) =>
    (await fetch(`${url}/status`, { headers: { authorization: `Bearer ${shown}` } })).status,
  "X-Gateway-Token over HTTP": async ({ url }, shown) =>
    (await fetch(`${url}/api/v1/sessions`, { headers: { "x-gateway-token": shown } })).status,
  "a header of POST /rpc": async ({ url }, shown) =>
    (await fetch(`${url}/rpc`, { method: "POST", body: ping, headers: { ...json, "x-gateway-token": shown } })).status,
  "connect in POST /rpc": async ({ url }, shown) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "connect", params: { auth: { token: shown } } });
    const response = await fetch(`${url}/rpc`, { method: "POST", body, headers: json });
    return nameOf((await response.json()) as { error?: RpcError });
  },
  "Authorization at the upgrade": ({ port }, shown) => upgrade(port, { Authorization: `Bearer ${shown}` }),
  "X-Gateway-Token at the upgrade": ({ port }, shown) => upgrade(port, { "X-Gateway-Token": shown }),
  "connect on a socket": ({ socketUrl }, shown) => connect(socketUrl, { token: shown }),
  "connect on a socket, as the original spells it": ({ socketUrl }, shown) =>
    connect(socketUrl, { auth: { token: shown } }),
};

async function connect(socketUrl: string, params: object): Promise<number | string> {
  await using client = await SocketClient.open(socketUrl, null);
  return await Promise.race([
    client.ask("connect", params).then(nameOf),
    client.closed.then(({ code }) => `closed: ${code}`),
  ]);
}

function nameOf({ error }: { readonly error?: RpcError }): number | string {
  return error === undefined ? 200 : String(error.data?.["name"]);
}

async function upgrade(port: number, headers: Record<string, string>): Promise<number> {
  try {
    await using socket = await RawSocket.open(port, headers);
    return socket.hasEnded ? 0 : 200;
  } catch (error) {
    return Number(/HTTP\/1.1 (\d+)/.exec(String(error))?.[1]);
  }
}

const isWrong = (outcome: number | string) => outcome === 401 || outcome === "unauthorized";
const isLockedOut = (outcome: number | string) => outcome === 429 || outcome === "lockedOut";

test("every way to show a token lets the right one in, and no other", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  for (const [way, show] of Object.entries(ways)) {
    expect([way, await show(gateway, token)]).toEqual([way, 200]);
    const wrong = await show(gateway, `${token.slice(0, -1)}x`);
    expect([way, isWrong(wrong) || isLockedOut(wrong)]).toEqual([way, true]);
  }
});

test("a wrong token at the upgrade is answered with 401 and how to do better", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  const lines = [
    "GET /ws HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Authorization: Bearer wrong",
  ];
  const { status, head, body } = await sendRaw(gateway.port, `${lines.join("\r\n")}\r\n\r\n`);
  expect(status).toBe(401);
  expect(head.toLowerCase()).toContain('www-authenticate: bearer realm="openclaw"');
  expect(JSON.parse(body)).toMatchObject({ error: { code: "unauthorized", message: "The token is wrong." } });
});

test("of two hundred guesses at once, over every way in, ten are compared; then even the right token waits", async () => {
  using home = tempFolder();
  await using gateway = await startGateway({ home: home.path });
  await using inside = await SocketClient.open(gateway.socketUrl);
  const guesses = Array.from({ length: 200 }, (_, i) => {
    const show = Object.values(ways)[i % Object.values(ways).length];
    return show?.(gateway, `guess-${i}`);
  });
  const outcomes = (await Promise.all(guesses)).map((outcome) => outcome ?? "");
  expect(outcomes.filter(isWrong).length).toBe(10);
  // Some sockets come when there is no room for another stranger.
  const others = outcomes.filter((outcome) => !isWrong(outcome) && !isLockedOut(outcome));
  expect(others.filter((outcome) => outcome !== "closed: 1013")).toEqual([]);
  expect(outcomes.filter(isLockedOut).length).toBeGreaterThan(100);

  for (const [way, show] of Object.entries(ways)) {
    expect([way, isLockedOut(await show(gateway, token))]).toEqual([way, true]);
  }
  const locked = await fetch(`${gateway.url}/status`, { headers: { authorization: `Bearer ${token}` } });
  expect(Number(locked.headers.get("retry-after"))).toBeWithin(270, 301);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  expect(await inside.call("status")).toMatchObject({ version: expect.any(String) });
});

const canary = "canary-7e1f0c52a94b4d6f8e3b";
const guess = "canary-wrong-guess-90210";
const modelKey = "canary-model-key-5550123";

test("no token is told in an answer, an event, the output, the log or the database", async () => {
  using home = tempFolder();
  await using model = startFakeModel({
    script: [{ chunks: [`{"error":{"message":"the key ${modelKey} is revoked"}}`], status: 401 }, "an answer"],
  });
  const config = `${fakeModelConfig(model.url).replace("sk-fake-0123456789", modelKey)}
[gateway.auth]
token = "${canary}"
[logging]
level = "debug"
`;
  await using gateway = await startGateway({
    home: home.path,
    config,
    environment: { OPENCLAW_GATEWAY_AUTH_TOKEN: canary },
  });
  const told: string[] = [];
  const hear = async (response: Response) => {
    told.push(JSON.stringify([...response.headers]), await response.text());
  };

  for (const shown of [canary, guess]) {
    const headers = { authorization: `Bearer ${shown}` };
    for (const path of pathsOf(await document(gateway))) await hear(await fetch(gateway.url + path, { headers }));
    await hear(await fetch(`${gateway.url}/status`, { headers: { authorization: `Basic ${shown}` } }));
    for (const name of ["token", "auth", "access_token"]) {
      const refused = await fetch(`${gateway.url}/ws?${name}=${shown}`);
      expect(refused.status).toBe(400);
      await hear(refused);
    }
    if (shown === canary) told.push(...(await talk(gateway, shown)));
  }
  await gateway.stop("SIGTERM");

  expect(told.length).toBeGreaterThan(80);
  const written = filesBelow(join(home.path, "state")).map((path) => readFileSync(path, "latin1"));
  expect(written.some((text) => text.includes("what only the database may hold"))).toBeTrue();
  for (const text of [...told, ...written, gateway.output()]) {
    for (const secret of [canary, guess, modelKey]) expect(text.includes(secret)).toBeFalse();
  }
  const logs = filesBelow(join(home.path, "state/logs"))
    .map((path) => readFileSync(path, "utf8"))
    .join("");
  expect(logs).toContain("credentialInUrl");
  expect(logs).not.toContain("what only the database may hold");
});

/** Everything a client is told in a conversation with all that may go wrong in it. */
async function talk(gateway: GatewayProcess, shown: string): Promise<string[]> {
  await using client = await SocketClient.open(gateway.socketUrl, shown);
  const answers: unknown[] = [await client.ask("connect", { token: shown, client: { id: "x", version: "1" } })];
  answers.push(await client.chat("what only the database may hold"), await client.chat("again"));
  for (const method of ["config.get", "config.schema", "status", "connections.list", "models.list"]) {
    answers.push(await client.ask(method));
  }
  answers.push(await client.ask("config.patch", { patch: { gateway: { auth: { token: 7 } } } }));
  answers.push(await client.ask("config.get", { path: "gateway.auth.token" }));
  answers.push(await client.ask("config.get", { path: "models.providers.fake.api_key" }));
  return [...answers, ...client.notifications].map((one) => JSON.stringify(one));
}

async function document({ url }: GatewayProcess): Promise<{ paths: Record<string, Record<string, unknown>> }> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> };
}

function pathsOf({ paths }: { readonly paths: Record<string, Record<string, unknown>> }): string[] {
  return Object.keys(paths).filter((path) => paths[path]?.["get"] && !path.includes("{"));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
