import { afterAll, describe, expect, test } from "bun:test";
import { createHealth } from "#telemetry";
import { openHttp, sendJson } from "../../support/open-http.ts";
import { sendRaw } from "../../support/raw-http.ts";
import { rightToken } from "../../support/tiny-rpc.ts";

const http = await openHttp();
afterAll(() => http[Symbol.asyncDispose]());

test("what OpenClaw's dashboard asks for first is for those who may read", async () => {
  const stranger = await http.ask("/control-ui-config.json");
  expect([stranger.status, stranger.headers.get("content-type")]).toEqual([401, "application/json; charset=utf-8"]);
  expect(await (await http.get("/control-ui-config.json")).json()).toMatchObject({
    basePath: "",
    assistantAgentId: "main",
    serverVersion: "1.2.3",
    terminalEnabled: false,
  });
});

describe("probes", () => {
  test("/health shows the state of each component, and the version", async () => {
    const response = await http.ask("/health");
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      status: "healthy",
      ok: true,
      components: { gateway: "healthy", storage: "healthy" },
      version: "1.2.3",
    });
  });

  test("a channel that is down degrades, a storage that is down takes the gateway out of service", async () => {
    const states: { discord: "unhealthy"; storage: "healthy" | "unhealthy" } = {
      discord: "unhealthy",
      storage: "healthy",
    };
    const clock = { now: () => 0, elapsed: () => (now += 1_000) };
    let now = 0;
    const health = createHealth(
      {
        gateway: async () => ({ state: "healthy" }),
        storage: async () => ({ state: states.storage, because: "the disk is full" }),
        discord: async () => ({ state: states.discord, because: "no route" }),
      },
      clock,
    );
    await using own = await openHttp({}, { health });
    const degraded = await own.ask("/health");
    expect([degraded.status, await degraded.json()]).toMatchObject([200, { status: "degraded", ok: true }]);
    expect((await own.ask("/readyz")).status).toBe(200);

    states.storage = "unhealthy";
    const unhealthy = await own.ask("/health");
    expect(unhealthy.status).toBe(503);
    expect(unhealthy.headers.get("retry-after")).toBe("1");
    expect(await unhealthy.text()).not.toContain("disk");
    const ready = await own.ask("/readyz");
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false }]);
    expect((await own.ask("/healthz")).status).toBe(200);
    const detailed = await own.get("/readyz");
    expect(await detailed.json()).toMatchObject({ ready: false, failing: ["storage", "discord"] });
    expect(await (await own.get("/health")).json()).toMatchObject({ reasons: { storage: "the disk is full" } });
  });

  test("until the start is over, readiness and start-up say so, and liveness does not", async () => {
    const start: { pending?: string } = { pending: "recovering" };
    await using own = await openHttp({}, { pending: () => start.pending });
    const starting = await own.ask("/startupz");
    expect([starting.status, await starting.json()]).toMatchObject([503, { pendingReason: "recovering" }]);
    expect((await own.ask("/readyz")).status).toBe(503);
    expect((await own.ask("/healthz")).status).toBe(200);
    delete start.pending;
    expect(await (await own.ask("/startupz")).json()).toMatchObject({ ok: true, status: "started", version: "1.2.3" });
    expect(await (await own.ask("/readyz")).json()).toEqual({ ready: true });
  });

  test.each(["/health", "/healthz", "/ready", "/readyz", "/startup", "/startupz"])(
    "%s is for GET and HEAD",
    async (path) => {
      const head = await sendRaw(
        http.server.port,
        `HEAD ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect(head).toMatchObject({ status: 200, body: "" });
      const post = await http.ask(path, sendJson("POST", {}));
      expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    },
  );

  test("a wrong token is wrong here too", async () => {
    expect((await http.ask("/readyz", { headers: { "x-gateway-token": "guess" } })).status).toBe(401);
  });
});

describe("one-off routes", () => {
  test("/ says where to go on", async () => {
    expect(await (await http.ask("/")).json()).toMatchObject({ doors: expect.arrayContaining(["/health", "/docs"]) });
  });

  test("/status is for those who may read", async () => {
    const refused = await http.ask("/status");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="openclaw"');
    expect(await refused.json()).toMatchObject({ error: { code: "unauthorized" } });
    expect(await (await http.get("/status")).json()).toEqual({ version: "1.2.3" });
    const other = await http.ask("/status", { headers: { "x-gateway-token": rightToken } });
    expect(other.status).toBe(200);
  });

  test("/rpc/methods lists the methods for those who may read", async () => {
    expect((await http.ask("/rpc/methods")).status).toBe(401);
    const listed = (await (await http.get("/rpc/methods")).json()) as { methods: { name: string }[] };
    expect(listed.methods.map(({ name }) => name)).toEqual(http.rpc.methods.map(({ name }) => name));
    expect(listed.methods.find(({ name }) => name === "chat.send")).toMatchObject({
      scope: "operator.write",
      route: { verb: "POST", path: "/api/v1/chat" },
      params: { type: "object", required: ["message"] },
    });
  });

  test("HEAD is GET without the body; TRACE and PUT are nothing", async () => {
    const head = await sendRaw(
      http.server.port,
      `HEAD /status HTTP/1.1\r\nHost: localhost\r\nX-Gateway-Token: ${rightToken}\r\nConnection: close\r\n\r\n`,
    );
    expect(head).toMatchObject({ status: 200, body: "" });
    const trace = await sendRaw(http.server.port, "TRACE /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(trace.status).toBe(405);
    expect((await http.get("/status", sendJson("PUT", {}))).status).toBe(405);
  });

  test("what is not there is answered with what is", async () => {
    const response = await http.get("/nope");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: "notFound", message: expect.stringContaining("/api/v1") },
    });
  });

  test.each([
    ["/status", "GET, HEAD, OPTIONS"],
    ["/rpc", "POST, OPTIONS"],
    ["/rpc/methods", "GET, HEAD, OPTIONS"],
    ["/api/v1/sessions", "GET, HEAD, OPTIONS"],
    ["/api/v1/sessions/main", "PATCH, DELETE, OPTIONS"],
    ["/docs", "GET, HEAD, OPTIONS"],
  ])("%s names its verbs", async (path, allow) => {
    const wrong = await http.get(path, sendJson("PUT", {}));
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, allow]);
    expect(await wrong.json()).toMatchObject({ error: { code: "methodNotAllowed" } });
    const options = await http.ask(path, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
  });

  test.each(["/", "/health", "/status", "/nope", "/docs", "/openapi.json", "/ws"])("%s is dressed", async (path) => {
    const { headers } = await http.ask(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toStartWith("default-src 'none'");
    expect(headers.get("server")).toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("POST /rpc", () => {
  const token = { authorization: `Bearer ${rightToken}` };

  test("calls one method, with or without a token as the method wants", async () => {
    expect(await (await rpc({ jsonrpc: "2.0", id: 1, method: "ping" })).json()).toMatchObject({ id: 1, result: {} });
    expect(await (await rpc({ jsonrpc: "2.0", id: 1, method: "status" })).json()).toMatchObject({
      error: { code: -32001 },
    });
    expect(await (await rpc({ jsonrpc: "2.0", id: 1, method: "status" }, token)).json()).toMatchObject({
      result: { version: "1.2.3" },
    });
  });

  test("calls a batch; only notifications are answered with nothing", async () => {
    const batch = [{ id: 1, method: "ping" }, { method: "ping" }, { id: 2, method: "status" }];
    const answer = await rpc(batch, token);
    expect(answer.headers.get("content-type")).toStartWith("application/json");
    expect(await answer.json()).toMatchObject([{ id: 1 }, { id: 2 }]);
    const silent = await rpc([{ method: "ping" }], token);
    expect([silent.status, await silent.text()]).toEqual([204, ""]);
  });

  test("a wrong token is refused before the body is looked at", async () => {
    await using own = await openHttp();
    const refused = await own.ask(
      "/rpc",
      sendJson("POST", { id: 1, method: "ping" }, { authorization: "Bearer guess" }),
    );
    expect([refused.status, refused.headers.has("www-authenticate")]).toEqual([401, true]);
    expect(await refused.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32001 } });
    expect(own.rpc.calls).toEqual([]);
  });
});

describe("REST", () => {
  test("reads params from the query as the schema says", async () => {
    await http.get("/api/v1/sessions?limit=20&archived=true&search=20&kinds=a&kinds=b&since=5");
    expect(last()?.params).toEqual({ limit: 20, archived: true, search: "20", kinds: ["a", "b"], since: 5 });
    await http.get("/api/v1/sessions?since=never&kinds=one");
    expect(last()?.params).toEqual({ since: "never", kinds: ["one"] });
  });

  test.each([
    ["limit=many", "/limit"],
    ["limit=1.5", "/limit"],
    ["limit=", "/limit"],
    ["limit=1&limit=2", "/limit"],
    ["archived=yes", "/archived"],
    ["lmit=1", "/lmit"],
    ["__proto__=1", "/__proto__"],
  ])("leaves it to the method to refuse %s", async (query, path) => {
    const response = await http.get(`/api/v1/sessions?${query}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: "invalidParams", data: { path } } },
    ]);
  });

  test("reads params from the path, decoded", async () => {
    await http.get("/api/v1/sessions/agent:main:caf%C3%A9%20x/history?limit=3");
    expect(last()).toMatchObject({ name: "sessions.history", params: { sessionKey: "agent:main:café x", limit: 3 } });
  });

  test("reads several params from the path", async () => {
    await http.get("/api/v1/sessions/main/messages/7");
    expect(last()?.params).toEqual({ sessionKey: "main", messageId: 7 });
  });

  test("reads the rest from the body, which cannot rename what the path names", async () => {
    const response = await http.get("/api/v1/sessions/main", sendJson("PATCH", { label: "x", sessionKey: "other" }));
    expect(response.status).toBe(200);
    expect(last()).toMatchObject({ name: "sessions.patch", params: { sessionKey: "main", label: "x" } });
    expect((await http.get("/api/v1/sessions/main", { method: "DELETE" })).status).toBe(200);
    expect(last()).toMatchObject({ name: "sessions.delete", params: { key: "main" } });
  });

  test("the query of a POST is no param", async () => {
    await http.get("/api/v1/chat?message=query", sendJson("POST", { message: "body" }));
    expect(last()?.params).toEqual({ message: "body" });
  });

  test.each([
    ["no JSON", "{", "parseError"],
    ["no object", "[1]", "invalidRequest"],
    ["a prototype", '{"message":"x","__proto__":{"x":1}}', "invalidRequest"],
    ["a tower", `{"message":${"[".repeat(64)}${"]".repeat(64)}}`, "invalidRequest"],
  ])("%s is refused", async (_what, body, code) => {
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const response = await http.get("/api/v1/chat", init);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code } }]);
  });

  test("a body that is not UTF-8 is refused, brackets in a text do not count", async () => {
    const headers = { "content-type": "application/json" };
    const latin = await http.get("/api/v1/chat", { method: "POST", body: new Uint8Array([0x22, 0xff, 0x22]), headers });
    expect(await latin.json()).toMatchObject({ error: { code: "parseError" } });
    const text = `${"[".repeat(100)}\\"`;
    expect((await http.get("/api/v1/chat", sendJson("POST", { message: text }))).status).toBe(200);
  });

  test("faults come with their status, their data and when to try again", async () => {
    const full = await http.ask("/api/v1/full", sendJson("POST", {}));
    expect([full.status, full.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await full.json()).toMatchObject({ error: { code: "queueFull", message: expect.stringContaining("full") } });
    expect((await http.ask("/api/v1/sessions")).status).toBe(401);
    expect((await http.get("/api/v1/config", sendJson("PATCH", {}))).status).toBe(403);
  });

  test("a bug is told by its number, and by its story only to the log", async () => {
    const broken = await http.ask("/api/v1/broken", sendJson("POST", {}));
    const text = await broken.text();
    expect(broken.status).toBe(500);
    expect(text).not.toContain("hunter2");
    const { incident } = (JSON.parse(text) as { error: { data: { incident: string } } }).error.data;
    expect(http.logged.find((line) => line["incident"] === incident)).toMatchObject({
      level: "error",
      error: expect.stringContaining("hunter2"),
    });
  });

  test("a stranger's body is cut at 64 KiB, a caller's at 1 MiB, with or without a length", async () => {
    const headers = { "content-type": "application/json" };
    const post = (body: string | ReadableStream) => ({ method: "POST", body, headers });
    expect((await http.ask("/api/v1/chat", post(big(60_000)))).status).toBe(401);
    for (const make of [big, chunked]) {
      expect((await http.ask("/api/v1/chat", post(make(70_000)))).status).toBe(413);
      expect((await http.get("/api/v1/chat", post(make(70_000)))).status).toBe(200);
      expect((await http.get("/api/v1/chat", post(make(1_100_000)))).status).toBe(413);
    }
    expect((await http.ask("/rpc", post(big(70_000)))).status).toBe(413);
    const claimed = `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n`;
    expect((await sendRaw(http.server.port, claimed)).status).toBe(413);
  });

  test("a caller that hangs up ends its call", async () => {
    await using own = await openHttp();
    const leaving = new AbortController();
    const call = own.get("/api/v1/slow?sessionKey=main", { signal: leaving.signal });
    await own.rpc.started.promise;
    leaving.abort();
    await expect(call).rejects.toThrow();
    await own.rpc.aborted.promise;
  });
});

test("after three wrong guesses even the right token waits", async () => {
  await using own = await openHttp();
  const guess = { headers: { authorization: "Bearer guess" } };
  for (const path of ["/status", "/api/v1/sessions", "/rpc/methods"])
    expect((await own.ask(path, guess)).status).toBe(401);
  const locked = await own.get("/status");
  expect([locked.status, locked.headers.get("retry-after")]).toEqual([429, "42"]);
  expect(await locked.json()).toMatchObject({ error: { code: "lockedOut" } });
});

test.each([
  ["Basic dXNlcjpwdw==", undefined],
  ["Bearer", undefined],
  [`Bearer ${rightToken}`, "another"],
])("a credential that cannot be checked is refused, not ignored (%#)", async (authorization, token) => {
  const headers = { authorization, ...(token !== undefined && { "x-gateway-token": token }) };
  expect((await http.ask("/api/v1/full", sendJson("POST", {}, headers))).status).toBe(401);
});

function rpc(body: unknown, headers: Record<string, string> = {}) {
  return http.ask("/rpc", sendJson("POST", body, headers));
}

/** The last call that reached a method. */
function last() {
  return http.rpc.calls.at(-1);
}

function big(bytes: number): string {
  return JSON.stringify({ message: "x".repeat(bytes) });
}

/** The same without a Content-Length. */
function chunked(bytes: number): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(big(bytes)));
      controller.close();
    },
  });
}
