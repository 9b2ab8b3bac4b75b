import { expect, test } from "bun:test";
import { Fault } from "#protocol";
import { openHttp } from "../../support/open-http.ts";

test("a taken port is named, with what to do", async () => {
  await using first = await openHttp();
  const second = openHttp({ port: first.server.port });
  await expect(second).rejects.toBeInstanceOf(Fault);
  await expect(second).rejects.toThrow(new RegExp(`Port ${first.server.port} is taken .*gateway\\.port`));
});

test.each([
  ["no authentication on all interfaces", { bind: "lan", auth: { mode: "none" } }, /loopback only/],
  ["no authentication on an address", { bind: "192.0.2.1", auth: { mode: "none" } }, /loopback only/],
  ["a tailnet that is not there", { bind: "tailnet" }, /no interface has a tailnet address/],
  ["a name to listen on", { bind: "evil.example" }, /loopback, lan, tailnet, auto or an IP address/],
  ["any page", { allowedOrigins: ["*"] }, /is not an origin/],
  ["no page", { allowedOrigins: ["null"] }, /is not an origin/],
  ["a proxy by name", { trustedProxies: ["proxy.example"] }, /is not an address/],
  ["everybody as a proxy", { trustedProxies: ["0.0.0.0/0"] }, /network bits/],
])("it does not start with %s", async (_what, settings, sentence) => {
  const start = openHttp(settings, { interfaces: () => ({}) });
  await expect(start).rejects.toThrow(sentence);
  const code = await start.catch((error: unknown) => (error instanceof Fault ? error.code : error));
  expect(code).toBe("configInvalid");
});

test("no authentication on loopback is allowed, and said", async () => {
  await using open = await openHttp({ auth: { mode: "none" } });
  expect(open.logged).toContainEqual(expect.objectContaining({ level: "warn" }));
});

test("it listens where it says", async () => {
  await using http = await openHttp();
  expect(http.server.hostname).toBe("127.0.0.1");
  expect(http.server.port).toBeGreaterThan(0);
  expect((await fetch(new URL("/health", http.server.url))).status).toBe(200);
});

test("stopping waits for the answers under way, and takes nothing new", async () => {
  const http = await openHttp();
  const leaving = new AbortController();
  const call = http.get("/api/v1/slow?sessionKey=main", { signal: leaving.signal });
  await http.rpc.started.promise;
  const stopped = http.server.stop(5_000);
  await expect(http.ask("/health")).rejects.toThrow();
  expect(await Promise.race([stopped.then(() => "stopped"), Promise.resolve("waiting")])).toBe("waiting");
  leaving.abort();
  await expect(call).rejects.toThrow();
  await stopped;
});

test("an answer under way arrives when it is ready in time, and a call that takes longer is cut", async () => {
  const http = await openHttp();
  const ending = Promise.withResolvers<void>();
  const call = http.rpc.call.bind(http.rpc);
  http.rpc.call = async (...args) => {
    http.rpc.started.resolve();
    await ending.promise;
    return call(...args);
  };
  const answer = http.get("/status");
  await http.rpc.started.promise;
  const stopped = http.server.stop(5_000);
  ending.resolve();
  expect(await (await answer).json()).toEqual({ version: "1.2.3" });
  await stopped;

  const stuck = await openHttp();
  const cut = stuck.get("/api/v1/slow?sessionKey=main");
  await stuck.rpc.started.promise;
  await stuck.server.stop(20);
  await expect(cut).rejects.toThrow();
  await stuck.rpc.aborted.promise;
});

test("sockets are told that the server goes away", async () => {
  const http = await openHttp();
  const socket = new WebSocket(`ws://127.0.0.1:${http.server.port}/ws`);
  await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  await http.server.stop(0);
  expect(await closed).toBe(1001);
  await http.rpc.lines[0]?.closes.promise;
});
