import { afterAll, describe, expect, test } from "bun:test";
import { openHttp, sendJson } from "../../support/open-http.ts";
import { pathSpellings } from "../../support/path-spellings.ts";
import { getRaw } from "../../support/raw-http.ts";
import { rightToken } from "../../support/tiny-rpc.ts";

const http = await openHttp({
  allowedHosts: ["pi", "desk.example.org"],
  allowedOrigins: ["https://desk.example.org:8443"],
  trustedProxies: ["127.0.0.2"],
});
const { port } = http.server;
afterAll(() => http[Symbol.asyncDispose]());

const authorization = `Authorization: Bearer ${rightToken}`;

describe("SEC-17: the Host header", () => {
  test.each([
    ["localhost", 200],
    ["LOCALHOST:1", 200],
    ["127.0.0.1", 200],
    ["127.9.9.9:18789", 200],
    ["[::1]:18789", 200],
    ["pi", 200],
    ["desk.example.org", 200],
    ["desk.example.org:443", 200],
    ["evil.example", 421],
    ["evil.example:18789", 421],
    ["localhost.evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost.", 421],
    ["127evil", 421],
    ["10.0.0.1", 421],
    ["x", 421],
    ["ab", 421],
    ["abc", 421],
    ["", 400],
    ["evil@localhost", 400],
    ["localhost/admin?", 400],
    ["localhost:99999", 400],
    ["localhost:", 400],
    ["local host", 400],
    ["localhost, evil.example", 400],
    ["localhost#", 400],
    ["%6cocalhost", 400],
  ])("%p is answered with %p", async (host, status) => {
    for (const path of ["/health", "/openapi.json"]) {
      expect((await getRaw(port, path, [`Host: ${host}`])).status).toBe(status);
    }
    expect((await getRaw(port, "/status", [`Host: ${host}`, authorization])).status).toBe(status);
  });

  test("sent twice, it is refused, whichever comes first", async () => {
    expect((await getRaw(port, "/health", ["Host: localhost", "Host: evil.example"])).status).toBe(400);
    expect((await getRaw(port, "/health", ["Host: localhost", "Host: localhost"])).status).toBe(400);
    expect((await getRaw(port, "/health", ["X: y"])).status).toBe(400);
  });

  // Elysia looks for the path from the eleventh character of the address on.
  test.each([
    ["x", "/ab/openapi.json"],
    ["ab", "/a/openapi.json"],
    ["pi", "/a/openapi.json"],
    ["pi", "/ab/docs"],
  ])("a short one (%s) does not move the path of %s", async (host, target) => {
    const { status } = await getRaw(port, target, [`Host: ${host}`, authorization]);
    expect([404, 421]).toContain(status);
  });

  test("on all interfaces, the machine's own addresses are names too, others are not", async () => {
    const address = "192.0.2.7";
    const entry = { address, netmask: "", family: "IPv4", mac: "", internal: false, cidr: null } as const;
    await using lan = await openHttp({ bind: "lan" }, { interfaces: () => ({ eth0: [entry] }) });
    expect((await getRaw(lan.server.port, "/health", [`Host: ${address}:18789`])).status).toBe(200);
    expect((await getRaw(lan.server.port, "/health", ["Host: 192.0.2.8"])).status).toBe(421);
    expect((await getRaw(lan.server.port, "/health", ["Host: evil.example"])).status).toBe(421);
  });
});

describe("SEC-18: the path", () => {
  test.each(["/status", "/rpc/methods", "/api/v1/sessions", "/api/v1/sessions/main/history"])(
    "no spelling of %s gets a stranger past the check",
    async (path) => {
      const before = http.rpc.calls.length;
      for (const spell of pathSpellings) {
        const { status, body } = await getRaw(port, spell(path));
        // Some spellings lead to another path altogether, and two of those are for everybody.
        const isPublic = status === 200 && /"status":"healthy"|"doors":/.test(body);
        const isRefused = [400, 401, 404, 405].includes(status);
        expect(isPublic || isRefused, `${spell(path)} was answered with ${status}`).toBeTrue();
      }
      expect(http.rpc.calls.length).toBe(before);
      expect((await getRaw(port, path, ["Host: localhost", authorization])).status).toBe(200);
    },
  );

  test.each([
    ["/a//b", 400],
    ["/a;b", 400],
    ["/a%2fb", 400],
    ["/a%5Cb", 400],
    ["/a%2E", 400],
    ["/a%25", 400],
    ["/a%1f", 400],
    ["/a%ff", 400],
    ["/a%f", 400],
    ["/a#b", 400],
    ["/a|b", 400],
    [`/${"a".repeat(8_500)}`, 414],
    [`/a?${"a".repeat(8_500)}`, 414],
  ])("%.20s is refused with %p", async (target, status) => {
    expect((await getRaw(port, target)).status).toBe(status);
  });
});

describe("SEC-21: credentials in the address", () => {
  test.each(["token", "access_token", "auth", "Token", "api_key", "%74oken", "password"])(
    "?%s= is refused everywhere",
    async (name) => {
      for (const path of ["/health", "/status", "/", "/ws", "/docs", "/nope", "/api/v1/sessions"]) {
        const response = await http.get(`${path}?a=b&${name}=canary-1234`);
        expect([path, response.status]).toEqual([path, 400]);
        expect(await response.text()).not.toContain("canary-1234");
      }
      expect(JSON.stringify(http.logged)).not.toContain("canary-1234");
    },
  );
});

describe("SEC-02: the Origin", () => {
  const refused = [
    "https://evil.example",
    "null",
    "http://127.0.0.1.evil.com",
    "http://localhost:1",
    "https://desk.example.org",
    "http://desk.example.org:8443",
    "https://desk.example.org:8443.evil.example",
    "",
  ];
  const verbs: readonly [string, RequestInit][] = [
    ["/status", {}],
    ["/", {}],
    ["/docs", {}],
    ["/openapi.json", {}],
    ["/api/v1/sessions", {}],
    ["/api/v1/sessions", { method: "OPTIONS", headers: { "access-control-request-method": "GET" } }],
    ["/api/v1/chat", sendJson("POST", { message: "x" })],
    ["/api/v1/sessions/main", { method: "DELETE" }],
    ["/rpc", sendJson("POST", { id: 1, method: "ping" })],
  ];

  test.each(refused)("%p is refused whatever it asks, with the right token", async (origin) => {
    const before = http.rpc.calls.length;
    for (const [path, init] of verbs) {
      const response = await http.get(path, { ...init, headers: { ...(init.headers as object), origin } });
      expect([path, response.status]).toEqual([path, 403]);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(http.rpc.calls.length).toBe(before);
  });

  test("our own page may ask, and gets no permission it does not need", async () => {
    const response = await http.get("/status", { headers: { origin: `http://127.0.0.1:${port}` } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  });

  test("an allowed page may ask, and ask whether it may", async () => {
    const origin = "https://desk.example.org:8443";
    const response = await http.get("/status", { headers: { origin } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    expect(response.headers.get("vary")).toContain("Origin");
    const preflight = await http.ask("/api/v1/chat", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Authorization");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("no page may embed us, though a link may lead here", async () => {
    const image = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
    expect((await http.get("/status", { headers: image })).status).toBe(403);
    const frame = { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    expect((await http.get("/docs", { headers: frame })).status).toBe(403);
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await http.get("/docs", { headers: link })).status).toBe(200);
  });
});

describe("SEC-16: what a form could send", () => {
  test.each([
    ["text/plain"],
    ["application/x-www-form-urlencoded"],
    ["multipart/form-data; boundary=x"],
    ["application/json-seq"],
    ["text/plain; application/json"],
    [undefined],
  ])("%p is no JSON", async (type) => {
    const before = http.rpc.calls.length;
    for (const path of ["/rpc", "/api/v1/chat", "/api/v1/full"]) {
      const body = new TextEncoder().encode('{"id":1,"method":"ping","message":"x"}');
      const response = await http.get(path, {
        method: "POST",
        body,
        headers: type === undefined ? {} : { "content-type": type },
      });
      expect([path, response.status]).toEqual([path, 415]);
    }
    expect(http.rpc.calls.length).toBe(before);
  });

  test("JSON with a charset is", async () => {
    const init = sendJson("POST", { message: "x" }, { "content-type": "Application/JSON; charset=utf-8" });
    expect((await http.get("/api/v1/chat", init)).status).toBe(200);
  });
});

describe("SEC-13 and SEC-14: forwarding", () => {
  const forwarded = { "x-forwarded-for": "203.0.113.9" };

  test.each([
    [forwarded],
    [{ forwarded: "for=203.0.113.9" }],
    [{ "x-real-ip": "127.0.0.1" }],
    [{ via: "1.1 proxy" }],
    [{ "x-forwarded-host": "localhost" }],
  ])("%j of a stranger is refused, except to probes", async (headers) => {
    const response = await http.get("/status", { headers });
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { error: { code: "proxy_attribution_required" } },
    ]);
    expect((await http.ask("/health", { headers })).status).toBe(200);
  });

  test("a trusted proxy is believed about the last hop it saw, and about nothing before", async () => {
    await using behind = await openHttp({ trustedProxies: ["127.0.0.0/8"] });
    await behind.get("/api/v1/sessions", {
      headers: { "x-forwarded-for": "127.0.0.1, 198.51.100.1, 203.0.113.9, 127.0.0.5" },
    });
    expect(behind.rpc.calls.at(-1)?.caller.address).toBe("203.0.113.9");
    await behind.get("/api/v1/sessions");
    expect(behind.rpc.calls.at(-1)?.caller.address).toBe("127.0.0.1");
    expect((await behind.get("/status", { headers: { via: "1.1 proxy" } })).status).toBe(403);
    expect((await behind.get("/status", { headers: { "x-forwarded-for": "unknown" } })).status).toBe(403);
  });
});

test("who was refused and why is logged, once a second for each reason", async () => {
  await using own = await openHttp();
  for (let i = 0; i < 20; i++) await getRaw(own.server.port, "/status", ["Host: evil.example"]);
  const lines = own.logged.filter((line) => line["code"] === "misdirectedRequest");
  expect(lines.length).toBeWithin(1, 4);
  expect(lines[0]).toMatchObject({ level: "warn", status: 421, peer: "127.0.0.1" });
});
