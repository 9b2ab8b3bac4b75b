import { afterAll, expect, test } from "bun:test";
import { startGateway, token } from "../support/gateway-process.ts";
import { getRaw, sendRaw } from "../support/raw-http.ts";
import { tempFolder } from "../support/temp-folder.ts";

const home = tempFolder();
const gateway = await startGateway({ home: home.path });
const { port } = gateway;

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const authorization = `Authorization: Bearer ${token}`;
const key = "dGhlIHNhbXBsZSBub25jZQ==";

test.each([
  ["a name of somebody else", ["Host: evil.example"], 421],
  ["a name rebound to us", ["Host: evil.example:18789"], 421],
  ["a name that begins as ours", ["Host: localhost.evil.example"], 421],
  ["an address that begins as ours", ["Host: 127.0.0.1.evil.example"], 421],
  ["another address", ["Host: 10.0.0.1"], 421],
  ["one letter", ["Host: x"], 421],
  ["three letters", ["Host: abc"], 421],
  ["nothing", ["Host:"], 400],
  ["no Host at all", ["X: y"], 400],
  ["two of them", ["Host: localhost", "Host: evil.example"], 400],
  ["the same twice", ["Host: localhost", "Host: localhost"], 400],
  ["a path in it", ["Host: localhost/admin?"], 400],
  ["a person in it", ["Host: evil@localhost"], 400],
  ["a fragment in it", ["Host: localhost#"], 400],
  ["two in one", ["Host: localhost, evil.example"], 400],
  ["a page of another site", ["Host: localhost", "Origin: https://evil.example"], 403],
  ["a page from nowhere", ["Host: localhost", "Origin: null"], 403],
  ["another service of this machine", ["Host: localhost", "Origin: http://localhost:1"], 403],
  ["an image of another site", ["Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"], 403],
  ["X-Forwarded-For", ["Host: localhost", "X-Forwarded-For: 127.0.0.1"], 403],
  ["X-Real-IP", ["Host: localhost", "X-Real-IP: 127.0.0.1"], 403],
  ["Forwarded", ["Host: localhost", "Forwarded: for=127.0.0.1;host=localhost"], 403],
  ["X-Forwarded-Host", ["Host: evil.example", "X-Forwarded-Host: localhost"], 421],
  ["Via", ["Host: localhost", "Via: 1.1 proxy"], 403],
])("%s is refused, with the right token", async (_what, lines, status) => {
  for (const path of ["/status", "/api/v1/sessions", "/ws"]) {
    const answer = await getRaw(port, path, [...lines, authorization]);
    expect([path, answer.status]).toEqual([path, status]);
    expect(answer.head.toLowerCase()).not.toContain("access-control-allow-origin");
  }
  const upgrade = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
  ];
  expect((await getRaw(port, "/ws", [...lines, ...upgrade, authorization])).status).toBe(status);
});

test.each(["localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:18789", "[::1]:18789"])(
  "Host: %s is us",
  async (host) => {
    expect((await getRaw(port, "/status", [`Host: ${host}`, authorization])).status).toBe(200);
  },
);

test("a request target that names a host does not overrule the Host header", async () => {
  for (const target of ["http://evil.example/status", "http://localhost/status", "https://localhost/status"]) {
    const { status } = await getRaw(port, target, ["Host: evil.example", authorization]);
    expect([target, status]).toEqual([target, 421]);
  }
  const { status, body } = await getRaw(port, "http://evil.example/status", ["Host: localhost", authorization]);
  expect(status === 400 || status === 421 || (status === 200 && !body.includes("evil"))).toBeTrue();
  expect((await getRaw(port, "*", ["Host: localhost"])).status).toBeWithin(400, 500);
  expect((await sendRaw(port, "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")).status).toBeWithin(400, 502);
});

const spellings = [
  (path: string) => path.toUpperCase(),
  (path: string) => `${path}/`,
  (path: string) => `${path};x=1`,
  (path: string) => `${path}%20`,
  (path: string) => `${path}%00`,
  (path: string) => `${path}%2f`,
  (path: string) => `${path}#x`,
  (path: string) => `${path}/..`,
  (path: string) => `/${path}`,
  (path: string) => `\\${path.slice(1)}`,
  (path: string) => `/.${path}`,
  (path: string) => `/x/..${path}`,
  (path: string) => `/x/%2e%2e${path}`,
  (path: string) => `/health/..${path}`,
  (path: string) => `/health%2f..${path}`,
  (path: string) => `/health/%2e%2e%2f${path.slice(1)}`,
  (path: string) => `/${path.slice(1).replaceAll(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
  (path: string) => `http://localhost${path}`,
  (path: string) => `${path}?x=/health`,
  (path: string) => `/health?${path}`,
];

test.each(["/status", "/rpc/methods", "/api/v1/sessions", "/api/v1/sessions/main/history", "/api/v1/config"])(
  "no spelling of %s gets a stranger past the check",
  async (path) => {
    for (const spell of spellings) {
      const { status, body } = await getRaw(port, spell(path));
      const isForEveryone = status === 200 && /"status":"healthy"|"doors":/.test(body);
      expect([spell(path), isForEveryone || [400, 401, 404, 405].includes(status)]).toEqual([spell(path), true]);
    }
  },
);

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/json-seq",
])("what a form of another site can send as %s changes nothing", async (type) => {
  const call = '{"jsonrpc":"2.0","id":1,"method":"sessions.delete","params":{"sessionKey":"main"}}';
  for (const [path, body] of [
    ["/rpc", call],
    ["/api/v1/sessions/main/reset", "{}"],
  ] as const) {
    const head = [`POST ${path} HTTP/1.1`, "Host: localhost", authorization, `Content-Type: ${type}`];
    const text = `${head.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect([path, (await sendRaw(port, text)).status]).toEqual([path, 415]);
  }
});

test.each([
  ["two lengths", "Content-Length: 4\r\nContent-Length: 40\r\n\r\nbody"],
  [
    "a length and chunks",
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /status HTTP/1.1\r\n\r\n",
  ],
  ["a length below nothing", "Content-Length: -1\r\n\r\n"],
  ["a length that is no number", "Content-Length: 4x\r\n\r\nbody"],
  ["a chunk that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\nbody\r\n0\r\n\r\n"],
  ["a transfer encoding that is none", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  ["a line folded", "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"],
  ["a space before the colon", "Content-Length : 0\r\n\r\n"],
])("a request with %s is refused, so that nobody can hide a second one in it", async (_what, rest) => {
  const head = `POST /rpc HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\nContent-Type: application/json\r\n`;
  const { status, body } = await sendRaw(port, head + rest);
  expect([status, body]).toEqual([400, expect.not.stringContaining("HTTP/1.1")]);
});
