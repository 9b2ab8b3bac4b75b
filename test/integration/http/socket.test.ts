import { fault } from "#protocol";
import { expect, test } from "bun:test";
import { openHttp } from "../../support/open-http.ts";
import { getRaw } from "../../support/raw-http.ts";
import { rightToken, type TinyLine } from "../../support/tiny-rpc.ts";
import { connect } from "node:net";

const bearer = { authorization: `Bearer ${rightToken}` };

test.each(["/ws", "/"])("a socket is opened on %s, and carries text and bytes both ways", async (path) => {
  await using http = await openHttp();
  const client = await openClient(http.server.port, path, bearer);
  expect(await client.next()).toBe("hello");
  client.socket.send("one");
  expect(await client.next()).toBe("text:one:3");
  client.socket.send(new Uint8Array(5));
  expect(await client.next()).toBe("bytes:5");
  const [line] = http.rpc.lines;
  expect(line?.caller).toMatchObject({ isAuthenticated: true, address: "127.0.0.1" });
  client.socket.close();
  await line?.closes.promise;
});

test("without a credential a socket is opened for a caller that may do little", async () => {
  await using http = await openHttp();
  const client = await openClient(http.server.port, "/ws");
  expect(await client.next()).toBe("hello");
  expect(http.rpc.lines[0]?.caller.isAuthenticated).toBeFalse();
});

test.each([
  ["a wrong token", { authorization: "Bearer guess" }, 401],
  ["a credential of another kind", { authorization: "Basic eDp5" }, 401],
  ["a page of another site", { ...bearer, origin: "https://evil.example" }, 403],
  ["a page from nowhere", { ...bearer, origin: "null" }, 403],
  ["another service of this machine", { ...bearer, origin: "http://localhost:1" }, 403],
  ["a rebound name", { ...bearer, host: "evil.example" }, 421],
  ["a proxy nobody trusts", { ...bearer, "x-forwarded-for": "203.0.113.9" }, 403],
])("%s is refused before there is a socket", async (_who, headers, status) => {
  await using http = await openHttp();
  for (const path of ["/ws", "/"]) {
    expect((await upgradeRaw(http.server.port, path, headers)).status).toBe(status);
  }
  expect(http.rpc.lines).toEqual([]);
});

test("our own page may open a socket", async () => {
  await using http = await openHttp();
  const client = await openClient(http.server.port, "/ws", { origin: `http://127.0.0.1:${http.server.port}` });
  expect(await client.next()).toBe("hello");
});

test("after three wrong guesses the right token waits, with a status that says so", async () => {
  await using http = await openHttp();
  for (let i = 0; i < 3; i++) await upgradeRaw(http.server.port, "/ws", { authorization: "Bearer guess" });
  const locked = await upgradeRaw(http.server.port, "/ws", bearer);
  expect(locked.status).toBe(429);
  expect(locked.head).toContain("retry-after: 42");
});

test("what is no upgrade is told what to do", async () => {
  await using http = await openHttp();
  const plain = await http.get("/ws");
  expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
  const keyless = await getRaw(http.server.port, "/ws", [
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
  ]);
  expect(keyless.status).toBe(400);
});

test("a socket for which there is no room is closed with the reason", async () => {
  await using http = await openHttp();
  http.rpc.open = () => {
    throw fault.tooManyRequests({ problem: "There are too many connections" });
  };
  const client = await openClient(http.server.port, "/ws", bearer);
  expect(await client.closed).toMatchObject({ code: 1013, reason: "There are too many connections." });
});

test("a bug while opening closes the socket with a number the log knows", async () => {
  await using http = await openHttp();
  http.rpc.open = () => {
    throw new Error("the password is hunter2");
  };
  const client = await openClient(http.server.port, "/ws", bearer);
  const { code, reason } = await client.closed;
  expect([code, reason]).toEqual([1011, expect.stringMatching(/^incident [\w-]+$/)]);
  expect(http.logged.find((line) => line["incident"] === reason.slice(9))).toMatchObject({ level: "error" });
});

test("a frame over the limit ends the socket, one below it arrives whole", async () => {
  await using http = await openHttp();
  const client = await openClient(http.server.port, "/ws", bearer);
  expect(await client.next()).toBe("hello");
  const most = (1024 + 64) * 1024;
  client.socket.send("x".repeat(most - 1));
  expect(await client.next()).toEndWith(`:${most - 1}`);
  client.socket.send("x".repeat(most + 1));
  expect((await client.closed).code).toBe(1009);
  await http.rpc.lines[0]?.closes.promise;
});

test("a reader that does not read is cut at a megabyte; the line is told, and others are not touched", async () => {
  await using http = await openHttp();
  const other = await openClient(http.server.port, "/ws", bearer);
  expect(await other.next()).toBe("hello");
  const deaf = await openDeafClient(http.server.port);
  const line = lineOf(http.rpc.lines, 1);

  const chunk = "x".repeat(64 * 1024);
  let most = 0;
  let sent = 1;
  for (let i = 0; i < 1_000 && sent !== 0; i++) {
    sent = line.socket.send(chunk);
    most = Math.max(most, line.socket.bufferedBytes());
  }
  expect(sent).toBe(0);
  expect(most).toBeWithin(1, 1024 * 1024 + 2 * chunk.length);
  await line.closes.promise;
  expect(line.socket.bufferedBytes()).toBe(0);
  deaf.destroy();
  other.socket.send("still here");
  expect(await other.next()).toBe("text:still here:10");
});

test("a reader that catches up drains the line", async () => {
  await using http = await openHttp();
  const slow = await openDeafClient(http.server.port);
  const line = lineOf(http.rpc.lines, 0);
  const chunk = "x".repeat(64 * 1024);
  for (let sent = 1; sent > 0;) sent = line.socket.send(chunk);
  slow.resume();
  await line.drains.promise;
  expect(line.socket.bufferedBytes()).toBe(0);
  slow.destroy();
});

test("a reason longer than a close frame holds is cut between characters", async () => {
  await using http = await openHttp();
  const client = await openClient(http.server.port, "/ws", bearer);
  expect(await client.next()).toBe("hello");
  http.rpc.lines[0]?.socket.close(1008, "ü".repeat(100));
  expect(await client.closed).toMatchObject({ code: 1008, reason: "ü".repeat(61) });
});

interface Client {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  next(): Promise<string>;
}

async function openClient(port: number, path: string, headers: Record<string, string> = {}): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  const frames: string[] = [];
  const waiting: ((frame: string) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const taker = waiting.shift();
    if (taker) taker(String(data));
    else frames.push(String(data));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason })),
  );
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`no socket on ${path}`)));
  });
  const next = async () => frames.shift() ?? new Promise<string>((resolve) => waiting.push(resolve));
  return { socket, closed, next };
}

function upgradeLines(headers: Record<string, string>): string[] {
  const all = {
    host: "localhost",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  return Object.entries(all).map(([name, value]) => `${name}: ${value}`);
}

function upgradeRaw(port: number, path: string, headers: Record<string, string>) {
  return getRaw(port, path, upgradeLines(headers));
}

/** A client that has upgraded and then reads nothing until it is resumed. */
async function openDeafClient(port: number) {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET /ws HTTP/1.1\r\n${upgradeLines(bearer).join("\r\n")}\r\n\r\n`);
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  socket.pause();
  return socket;
}

function lineOf(lines: readonly TinyLine[], at: number): TinyLine {
  const line = lines[at];
  if (!line) throw new Error("the line is not open yet");
  return line;
}
