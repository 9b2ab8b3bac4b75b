import { type AnyMethod, methods } from "#rpc";
import { expect, test } from "bun:test";
import { allRoutes } from "../../../src/http/app.ts";
import { restRoutes } from "../../../src/http/rest.ts";
import { openClawMethods } from "../../../src/rpc/openclaw/adapters/index.ts";
import { DeviceKey } from "../../support/device-key.ts";
import { type OpenGateway, openGateway, type RpcAnswer, sharedToken } from "../../support/open-gateway.ts";
import type { OpenClawFrame } from "../../support/openclaw-socket.ts";
import {
  claims,
  operators,
  type Verdict,
  verdictFor,
  verdictForNode,
  verdictForStranger,
} from "../../support/scope-callers.ts";
import { SocketClient } from "../../support/socket-client.ts";

const token = { token: sharedToken };
const openToAll = '[gateway.auth]\nmode = "none"\n';
const node = { id: "node-host", mode: "node" };

const table: readonly AnyMethod[] = methods;

function verdictOf(error: RpcAnswer["error"]): Verdict {
  const { name, scope } = error?.data ?? {};
  if (name === "missingScope") return `missing ${String(scope)}`;
  if (name === "wrongRole") return "wrong role";
  return name === "unauthorized" ? "no credential" : "allowed";
}

function openClawVerdictOf({ error }: OpenClawFrame): Verdict {
  if (error?.details?.["code"] === "MISSING_SCOPE") return `missing ${String(error.details["missingScope"])}`;
  return error?.message.startsWith("unauthorized role") ? "wrong role" : "allowed";
}

async function verdicts(of: readonly AnyMethod[], ask: (name: string) => Promise<Verdict>) {
  const found: [string, Verdict][] = [];
  for (const { name } of of) found.push([name, await ask(name)]);
  return found;
}

const expected = (of: readonly AnyMethod[], verdict: (method: AnyMethod) => Verdict) =>
  of.map((method): [string, Verdict] => [method.name, verdict(method)]);

/** What refused calls must not have changed. */
async function stateOf(gateway: OpenGateway) {
  const names = ["sessions.list", "config.get", "device.pair.list", "node.pair.list"];
  return Promise.all(names.map(async (name) => (await gateway.call(name)).body.result));
}

test("SEC-23: the matrix has every method of both dialects in it, and every caller is refused something or nothing", () => {
  expect(table.length).toBeGreaterThan(50);
  expect(openClawMethods.length).toBeGreaterThan(60);
  for (const caller of operators) {
    const refused = table.filter((method) => verdictFor(caller, method) !== "allowed");
    expect([caller.who, refused.length > 0]).toEqual([caller.who, caller.who !== "admin"]);
  }
});

test.each(operators)(
  "SEC-23: in JSON-RPC on a socket, $who calls what the scope of each method opens to it, whatever it claims",
  async (caller) => {
    await using gateway = await openGateway();
    await using client = await SocketClient.open(new URL("/ws", gateway.app.url).href.replace("http", "ws"), null);
    const hello = await client.ask("connect", { auth: token, scopes: caller.scopes });
    expect(hello.result).toMatchObject({ scopes: caller.scopes });
    const others = table.filter(({ name }) => name !== "connect");
    const before = await stateOf(gateway);
    const found = await verdicts(others, async (name) => verdictOf((await client.ask(name, claims)).error));
    expect(found).toEqual(expected(others, (method) => verdictFor(caller, method)));
    expect(await stateOf(gateway)).toEqual(before);
    // Whatever is said in another connect without the secret, the scopes stay.
    const again = await client.ask("connect", { scopes: ["operator.admin"] });
    expect(again.result).toMatchObject({ scopes: caller.who === "admin" ? ["operator.admin"] : [] });
  },
);

test.each(operators)(
  "SEC-23: in the OpenClaw dialect, a device that was paired for $who calls what the scope of each method opens to it",
  async (caller) => {
    await using gateway = await openGateway();
    const { client, answer } = await gateway.enter({ auth: token, device: new DeviceKey(), scopes: caller.scopes });
    expect(answer.payload?.["auth"]).toMatchObject({ scopes: caller.scopes });
    const { presence } = (answer.payload as { snapshot: { presence: unknown[] } }).snapshot;
    expect(presence.length > 0).toBe(caller.opens.includes("operator.read"));
    const found = await verdicts(openClawMethods, async (name) => openClawVerdictOf(await client.ask(name, claims)));
    expect(found).toEqual(expected(openClawMethods, (method) => verdictFor(caller, method)));
    expect(client.closed).toBeUndefined();
  },
);

test("SEC-23: a node calls the methods of nodes and has no scopes, whatever it asks for", async () => {
  await using gateway = await openGateway();
  const connecting = { auth: token, device: new DeviceKey(), client: node, role: "node" } as const;
  const { client, answer } = await gateway.enter({ ...connecting, scopes: ["operator.admin", "operator.read"] });
  expect(answer.payload?.["auth"]).toMatchObject({ role: "node", scopes: [] });
  const found = await verdicts(openClawMethods, async (name) => {
    // Who calls out of role again and again is closed; a call of its own in between starts the count anew.
    await client.ask("node.event", { event: "presence", payload: {} });
    return openClawVerdictOf(await client.ask(name, claims));
  });
  expect(found).toEqual(expected(openClawMethods, verdictForNode));
  expect(found.filter(([, verdict]) => verdict === "allowed").length).toBeWithin(6, 16);
  expect(client.closed).toBeUndefined();
});

test.each(operators)(
  "SEC-23: over POST /rpc and each route of REST, $who calls what the scope of each method opens to it",
  async (caller) => {
    await using gateway = await openGateway(openToAll, {});
    const headers = { "x-openclaw-scopes": caller.scopes.join(",") };
    const others = table.filter(({ name }) => name !== "connect");
    const before = await gateway.call("config.get", {}, {});
    const overRpc = await verdicts(others, async (name) =>
      verdictOf((await gateway.call(name, claims, headers)).body.error),
    );
    expect(overRpc).toEqual(expected(others, (method) => verdictFor(caller, method)));

    const rest = restRoutes(table).map(({ method }) => method);
    expect(rest.length).toBeGreaterThan(25);
    const overRest = await verdicts(rest, async (name) => restVerdict(gateway, name, headers));
    expect(overRest).toEqual(expected(rest, (method) => verdictFor(caller, method)));
    expect((await gateway.call("config.get", {}, {})).body).toEqual(before.body);
  },
);

async function restVerdict(gateway: OpenGateway, name: string, headers: Record<string, string>): Promise<Verdict> {
  const [route] = restRoutes(table.filter((method) => method.name === name));
  if (!route) throw new Error(`${name} has no route`);
  const { error } = (await (await request(gateway, route, headers)).json()) as {
    error?: { code: string; data?: Record<string, unknown> };
  };
  return verdictOf(error && { code: 0, message: "", data: { name: error.code, ...error.data } });
}

function request(
  { app }: OpenGateway,
  { verb, path }: { readonly verb: string; readonly path: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  const hasBody = verb === "POST" || verb === "PATCH";
  return fetch(new URL(path.replaceAll(/\{\w+\}/g, "x"), app.url), {
    method: verb,
    headers: { ...headers, ...(hasBody && { "content-type": "application/json" }) },
    ...(hasBody && { body: JSON.stringify(claims) }),
  });
}

test("SEC-23: a stranger calls what is public over HTTP, and is not told what else there is", async () => {
  await using gateway = await openGateway();
  const others = table.filter(({ name }) => name !== "connect");
  const found = await verdicts(others, async (name) => verdictOf((await gateway.call(name, claims, {})).body.error));
  expect(found).toEqual(expected(others, verdictForStranger));
  const unknown = await gateway.call("no.such.method", claims, {});
  expect(unknown.body.error).toEqual((await gateway.call("config.get", claims, {})).body.error);
});

test("SEC-23: every route over HTTP asks for the scope that it declares", async () => {
  await using gateway = await openGateway(openToAll, {});
  await using closed = await openGateway();
  const routes = allRoutes({
    rpc: { methods: table } as Parameters<typeof allRoutes>[0]["rpc"],
    version: "",
    log: { debug() {}, info() {}, warn() {}, error() {} } as unknown as Parameters<typeof allRoutes>[0]["log"],
    keepOpen: () => {},
  });
  const ofMethods = new Map(restRoutes(table).map(({ verb, path, method }) => [`${verb} ${path}`, method.scope]));
  for (const route of routes) {
    const line = `${route.verb} ${route.path}`;
    if (line === "POST /rpc") continue; // what is called there asks for itself
    const scope =
      route.asks === "itsMethod" ? (route.path === "/status" ? "operator.read" : ofMethods.get(line)) : route.asks;
    if (!scope) throw new Error(`${line} asks for nothing`);
    for (const caller of operators) {
      const { status } = await request(gateway, route, { "x-openclaw-scopes": caller.scopes.join(",") });
      expect([line, caller.who, status !== 403]).toEqual([line, caller.who, caller.opens.includes(scope)]);
    }
    const { status } = await request(closed, route);
    expect([line, status === 401]).toEqual([line, scope !== "public"]);
  }
});

test("SEC-06: whom the shared secret alone lets in has the scopes of a program it is, or none", async () => {
  await using gateway = await openGateway();
  for (const client of [
    { id: "test", mode: "test" },
    { id: "webchat", mode: "webchat" },
    { id: "gateway-client", mode: "ui" },
    { id: "cli", mode: "backend" },
  ]) {
    const { answer } = await gateway.enter({ auth: token, client, scopes: ["operator.admin", "operator.read"] });
    expect([client, answer.payload?.["auth"]]).toEqual([client, expect.objectContaining({ scopes: [] })]);
  }
});

test("SEC-06: where nobody is asked, who came in with fewer scopes does not get more by connecting again", async () => {
  await using gateway = await openGateway(openToAll, {});
  await using client = await SocketClient.open(new URL("/ws", gateway.app.url).href.replace("http", "ws"), null);
  expect((await client.ask("connect", { scopes: ["operator.read"] })).result).toMatchObject({
    scopes: ["operator.read"],
  });
  for (const more of [{}, { auth: { token: "x" } }, { scopes: ["operator.admin"] }]) {
    const { scopes } = (await client.ask("connect", more)).result as { scopes: string[] };
    expect(scopes).not.toContain("operator.admin");
  }
  expect((await client.ask("config.patch", { patch: {} })).error?.data).toMatchObject({ name: "missingScope" });
});
