import { silentLog } from "#base";
import { type AnyMethod, methods, type Rpc } from "#rpc";
import { describe, expect, test } from "bun:test";
import { allRoutes } from "../../../src/http/app.ts";
import { type OpenGateway, openGateway, sharedToken } from "../../support/open-gateway.ts";
import { pathSpellings } from "../../support/path-spellings.ts";
import { getRaw, sendRaw } from "../../support/raw-http.ts";

const bearer = { authorization: `Bearer ${sharedToken}` };
const table: readonly AnyMethod[] = methods;

/** Everything that is served, but for the probes and the socket. */
const routes = allRoutes({
  rpc: { methods: table } as unknown as Rpc,
  version: "",
  log: silentLog,
  keepOpen: () => {},
}).map(({ verb, path, asks }) => ({ verb, asks, path: path.replaceAll(/\{\w+\}/g, "main") }));

const probes = ["/health", "/healthz", "/ready", "/readyz", "/startup", "/startupz"];
const reading = routes.filter(({ verb }) => verb === "GET").map(({ path }) => path);
const changing = routes.filter(({ verb }) => verb !== "GET");

function portOf({ app }: OpenGateway): number {
  return Number(app.url.port);
}

/** What a request that was refused must have left alone. */
async function stateOf(gateway: OpenGateway) {
  const names = ["sessions.list", "config.get", "device.pair.list", "node.pair.list"];
  return Promise.all(names.map(async (name) => (await gateway.call(name)).body.result));
}

test("there are routes that read and routes that change", () => {
  expect(reading.length).toBeGreaterThan(20);
  expect(changing.length).toBeGreaterThan(20);
});

describe("SEC-16: what a page of another site can make a browser send", () => {
  const types = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "application/jsonp",
    "",
  ];

  test("as a form, to any route that changes something, changes nothing", async () => {
    await using gateway = await openGateway('[gateway.auth]\nmode = "none"\n', {});
    const ask = async (name: string) => (await gateway.call(name, {}, {})).body.result;
    const before = [await ask("sessions.list"), await ask("config.get"), await ask("device.pair.list")];
    for (const { verb, path } of changing) {
      for (const type of types) {
        const body = JSON.stringify({
          message: "x",
          method: "sessions.create",
          sessionKey: "main",
          jsonrpc: "2.0",
          id: 1,
        });
        const blob = new Blob([body], { type });
        const sent = await fetch(new URL(path, gateway.app.url), { method: verb, body: blob });
        expect([verb, path, type, sent.status]).toEqual([verb, path, type, 415]);
        const crossSite = {
          "sec-fetch-site": "cross-site",
          "sec-fetch-mode": "no-cors",
          "content-type": "application/json",
        };
        const embedded = await fetch(new URL(path, gateway.app.url), { method: verb, body, headers: crossSite });
        expect([verb, path, embedded.status]).toEqual([verb, path, 403]);
      }
    }
    expect([await ask("sessions.list"), await ask("config.get"), await ask("device.pair.list")]).toEqual(before);
  }, 30_000);

  test("as a link, changes nothing wherever it leads", async () => {
    await using gateway = await openGateway();
    const before = await stateOf(gateway);
    for (const path of new Set(routes.map((route) => route.path))) {
      const link = {
        ...bearer,
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
      };
      const url = new URL(`${path}?sessionKey=fresh&message=x&method=sessions.create&confirm=true`, gateway.app.url);
      const { status } = await fetch(url, { headers: link });
      if (!reading.includes(path)) expect([path, status]).toEqual([path, 405]);
    }
    expect(await stateOf(gateway)).toEqual(before);
  });
});

describe("SEC-17: a name of somebody else that is made to lead here", () => {
  const strange = [
    "evil.example",
    "evil.example:18789",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[::ffff:8.8.8.8]",
  ];

  test("opens no route, also with the right token", async () => {
    await using gateway = await openGateway();
    const port = portOf(gateway);
    for (const path of [...reading, ...probes, "/ws"]) {
      for (const host of strange) {
        const { status } = await getRaw(port, path, [`Host: ${host}`, `Authorization: Bearer ${sharedToken}`]);
        expect([path, host, status]).toEqual([path, host, 421]);
      }
      const twice = await getRaw(port, path, [`Host: localhost:${port}`, "Host: evil.example"]);
      expect([path, twice.status]).toEqual([path, 400]);
    }
    for (const { verb, path } of changing) {
      const head = `${verb} ${path} HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${sharedToken}\r\n`;
      const { status } = await sendRaw(port, `${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
      expect([verb, path, status]).toEqual([verb, path, 421]);
    }
  }, 30_000);
});

describe("SEC-18: the other spellings of a path", () => {
  test("are answered to a stranger as the path itself is, for every route that asks who is there", async () => {
    await using gateway = await openGateway();
    const port = portOf(gateway);
    const protectedPaths = new Set(
      routes.filter(({ verb, asks }) => verb === "GET" && asks !== "public").map(({ path }) => path),
    );
    expect(protectedPaths.size).toBeGreaterThan(15);
    expect(pathSpellings.length).toBeGreaterThan(29);
    for (const path of protectedPaths) {
      expect([path, (await getRaw(port, path)).status]).toEqual([path, 401]);
      for (const spell of pathSpellings) {
        const { status, body } = await getRaw(port, spell(path));
        // Some spellings lead to another path altogether, and a few of those are for everybody.
        const isPublic = status === 200 && /"status":"healthy"|"doors":|"routes":/.test(body);
        const isRefused = [400, 401, 404, 405, 421].includes(status);
        expect(isPublic || isRefused, `${spell(path)} was answered with ${status}: ${body}`).toBeTrue();
      }
    }
  }, 60_000);
});

describe("SEC-21: a secret in an address", () => {
  test("is refused on every route, and stands in no answer and no log", async () => {
    await using gateway = await openGateway('[logging]\nlevel = "debug"\n');
    const canary = "canary-in-the-address-90210";
    for (const path of new Set([...routes.map((route) => route.path), ...probes, "/ws", "/no/such/path"])) {
      for (const name of ["token", "Access_Token", "password", "%74oken", "auth"]) {
        const response = await fetch(new URL(`${path}?a=b&${name}=${canary}`, gateway.app.url), { headers: bearer });
        expect([path, name, response.status]).toEqual([path, name, 400]);
        expect(await response.text()).not.toContain(canary);
        expect(JSON.stringify([...response.headers])).not.toContain(canary);
      }
    }
    const log = await Bun.file(`${gateway.home}/state/logs/gateway.log`).text();
    expect(log).toContain("credentialInUrl");
    expect(log).not.toContain(canary);
  }, 30_000);
});
