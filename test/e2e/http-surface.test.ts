import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startGateway, token } from "../support/gateway-process.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";

const home = tempFolder();
const gateway = await startGateway({ home: home.path });
const { url } = gateway;

beforeAll(async () => {
  await using client = await SocketClient.open(gateway.socketUrl);
  await client.chat("hello", "main");
  await client.chat("hello", documented);
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** A session for what the OpenAPI document says can be done with one, to its end. */
const documented = "documented";

const bearer = { authorization: `Bearer ${token}` };
const json = { ...bearer, "content-type": "application/json" };

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

async function operations(): Promise<(Operation & { readonly verb: string; readonly path: string })[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  return Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ ...operation, verb: verb.toUpperCase(), path })),
  );
}

/** Values that mean something, for the parameters where any value of the type would not. */
const known: Readonly<Record<string, unknown>> = {
  sessionKey: documented,
  message: "hello",
  channel_id: "webchat",
  chat_id: "main",
  patch: {},
};

/** The least that the schema takes. */
function leastOf({ required = [], properties = {} }: Schema): Record<string, unknown> {
  return Object.fromEntries(required.map((name) => [name, known[name] ?? leastValue(properties[name] ?? {})]));
}

function leastValue(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.anyOf) return leastValue(schema.anyOf[0] ?? {});
  const values: Readonly<Record<string, unknown>> = { string: "x", integer: 1, number: 1, boolean: true, array: [] };
  return values[schema.type ?? ""] ?? leastOf(schema);
}

/** The least of the query that must be there. */
function queryOf({ parameters = [] }: Operation): string {
  const needed = parameters.filter((one) => one.in === "query" && one.required);
  const values = needed.map(({ name, schema }): [string, string] => [name, String(known[name] ?? leastValue(schema))]);
  return values.length === 0 ? "" : `?${new URLSearchParams(values).toString()}`;
}

/** There is the session that the path names; there are no devices, nodes, requests and messages, and the answer may say so. */
function filled(path: string): { readonly address: string; readonly namesNobody: boolean } {
  const inSession = path.replace("{sessionKey}", documented).replace("{role}", "operator");
  return { address: inSession.replaceAll(/\{\w+\}/g, "a".repeat(64)), namesNobody: inSession.includes("{") };
}

describe("the OpenAPI document", () => {
  test("tells the truth: each of its operations answers the least request it describes, as it says", async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(20);
    // What deletes comes last.
    for (const operation of all.toSorted((a, b) => Number(a.verb === "DELETE") - Number(b.verb === "DELETE"))) {
      const { verb, path, requestBody, responses } = operation;
      const schema = requestBody?.content["application/json"].schema;
      const least = path === "/rpc" ? { jsonrpc: "2.0", id: 1, method: "ping" } : schema && leastOf(schema);
      const { address, namesNobody } = filled(path);
      const response = await fetch(url + address + queryOf(operation), {
        method: verb,
        headers: json,
        ...(least && { body: JSON.stringify(least) }),
      });
      const { status } = response;
      const said = await response.text();
      const isOfNobody = namesNobody || schema?.required?.includes("code"); // the code of a pairing that nobody asked for
      const expected = isOfNobody && status === 404 ? 404 : 200;
      expect([verb, path, status, status === expected ? "" : said]).toEqual([verb, path, expected, ""]);
      expect(Object.keys(responses)).toContain(String(status));
      expect(() => JSON.parse(said) as unknown).not.toThrow();
    }
  });

  test("tells what needs a token: without one, that is 401 and everything else is not", async () => {
    for (const { verb, path, security, requestBody } of await operations()) {
      const body = path === "/rpc" ? '{"jsonrpc":"2.0","id":1,"method":"status"}' : requestBody && "{}";
      const response = await fetch(url + path.replace("{sessionKey}", documented), {
        method: verb,
        headers: { "content-type": "application/json" },
        ...(body && { body }),
      });
      const said = await response.text();
      const isOpen = security !== undefined && security.length === 0;
      const isRefused = response.status === 401 || said.includes('"name":"unauthorized"');
      expect([verb, path, isRefused]).toEqual([verb, path, !isOpen]);
    }
  });
});

describe("as curl would", () => {
  test.each<[string, string, RequestInit, number, unknown]>([
    ["/", "what is there", {}, 200, { name: "OpenClaw on Bun", doors: expect.arrayContaining(["/ws", "/docs"]) }],
    [
      "/health",
      "health",
      {},
      200,
      { status: "healthy", ok: true, components: { gateway: "healthy", storage: "healthy" } },
    ],
    ["/healthz", "life", {}, 200, { ok: true, status: "live" }],
    ["/readyz", "readiness", {}, 200, { ready: true }],
    ["/ready", "readiness", {}, 200, { ready: true }],
    ["/startupz", "the start", {}, 200, { ok: true, status: "started" }],
    ["/startup", "the start", {}, 200, { ok: true }],
    ["/status", "no token", {}, 401, { error: { code: "unauthorized" } }],
    ["/status", "a token", { headers: bearer }, 200, { version: expect.any(String), model: "demo/demo" }],
    ["/status", "a token in the other header", { headers: { "x-gateway-token": token } }, 200, { pid: gateway.pid }],
    ["/rpc/methods", "no token", {}, 401, { error: { code: "unauthorized" } }],
    ["/rpc/methods", "a token", { headers: bearer }, 200, { methods: expect.any(Array) }],
    [
      "/rpc",
      "a call",
      { method: "POST", headers: json, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' },
      200,
      { id: 1 },
    ],
    ["/rpc", "no call", { headers: bearer }, 405, { error: { code: "methodNotAllowed" } }],
    ["/ws", "no upgrade", {}, 426, { error: { code: "upgradeRequired" } }],
    ["/api/v1", "its routes", {}, 200, { routes: expect.arrayContaining(["GET /api/v1/sessions"]) }],
    [
      "/api/v1/sessions",
      "a list",
      { headers: bearer },
      200,
      { sessions: expect.arrayContaining([expect.objectContaining({ key: "agent:main:main" })]) },
    ],
    [
      "/api/v1/sessions/nobody",
      "a session that is not there",
      { headers: bearer },
      404,
      { error: { code: "sessionNotFound" } },
    ],
    [
      "/api/v1/sessions/main/history?limit=1",
      "a page",
      { headers: bearer },
      200,
      { messages: [{ role: "assistant" }] },
    ],
    [
      "/api/v1/sessions/main/history?limit=x",
      "no number",
      { headers: bearer },
      400,
      { error: { code: "invalidParams" } },
    ],
    ["/api/v1/sessions?nope=1", "no such parameter", { headers: bearer }, 400, { error: { code: "invalidParams" } }],
    ["/api/v1/nope", "nothing", { headers: bearer }, 404, { error: { code: "notFound" } }],
    ["/api/v1/sessions", "a verb that is not there", { method: "PUT", headers: json, body: "{}" }, 405, { error: {} }],
    ["/api/v1/chat", "no JSON", { method: "POST", headers: json, body: "{" }, 400, { error: { code: "parseError" } }],
    [
      "/api/v1/chat",
      "no message",
      { method: "POST", headers: json, body: "{}" },
      400,
      { error: { code: "invalidParams" } },
    ],
    [
      "/api/v1/chat",
      "a form",
      { method: "POST", headers: bearer, body: new URLSearchParams("message=x") },
      415,
      { error: {} },
    ],
    [
      "/api/v1/messages",
      "a channel that is not there",
      { method: "POST", headers: json, body: '{"channel_id":"nope","chat_id":"1","text":"x"}' },
      404,
      { error: { code: "channelNotFound" } },
    ],
  ])("%s (%s)", async (path, _what, init, status, answer) => {
    const response = await fetch(url + path, init);
    expect([response.status, await response.json()]).toMatchObject([status, answer]);
    expect(response.headers.get("content-type")).toStartWith("application/json");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each([
    "/",
    "/health",
    "/healthz",
    "/readyz",
    "/status",
    "/rpc/methods",
    "/openapi.json",
    "/docs",
    "/api/v1/sessions",
  ])("HEAD and OPTIONS of %s", async (path) => {
    const get = await fetch(url + path, { headers: bearer });
    const head = await fetch(url + path, { method: "HEAD", headers: bearer });
    expect([head.status, await head.text()]).toEqual([get.status, ""]);
    expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
    const options = await fetch(url + path, { method: "OPTIONS", headers: bearer });
    expect(options.headers.get("allow")).toContain("GET");
    expect(options.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("/docs needs nothing from anywhere else, and shows nobody's token", async () => {
    const response = await fetch(`${url}/docs`);
    const page = await response.text();
    expect(response.headers.get("content-type")).toStartWith("text/html");
    const addresses = [...page.matchAll(/(?:src|href|action|data-url)\s*=\s*"([^"]*)"/g)].map(
      (found) => found[1] ?? "",
    );
    expect(addresses).toContain("/docs/reference.js");
    expect(addresses.filter((address) => /^(?:[a-z]+:|\/\/)/i.test(address))).toEqual([]);
    expect(page.replaceAll("http://www.w3.org", "")).not.toMatch(/https?:\/\//);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    const script = await fetch(`${url}/docs/reference.js`);
    expect(script.headers.get("content-type")).toContain("javascript");
    expect(await script.text()).not.toMatch(/https?:\/\//);
  });
});
