import { describe, expect, test } from "bun:test";
import { DeviceKey } from "../../support/device-key.ts";
import { type OpenGateway, openGateway, sharedToken } from "../../support/open-gateway.ts";
import type { OpenClawFrame } from "../../support/openclaw-socket.ts";

const token = { token: sharedToken };
const withProxy = '[gateway]\ntrusted_proxies = ["127.0.0.1"]\n';
const detailOf = ({ error }: OpenClawFrame) => error?.details?.["code"];

async function deviceTokenOf(gateway: OpenGateway, device: DeviceKey): Promise<string> {
  const { answer } = await gateway.enter({ auth: token, device });
  return (answer.payload as { auth: { deviceToken: string } }).auth.deviceToken;
}

describe("SEC-02: a page of another origin", () => {
  const foreign = ["https://evil.example", "null", "http://127.0.0.1.evil.com", "http://localhost:1"];
  const modes = [
    ["token", ""],
    ["password", '[gateway.auth]\nmode = "password"\n'],
    ["none", '[gateway.auth]\nmode = "none"\n'],
    [
      "trusted-proxy",
      '[gateway]\ntrusted_proxies = ["127.0.0.1"]\n[gateway.auth]\nmode = "trusted-proxy"\n[gateway.auth.trusted_proxy]\nuser_header = "x-user"\nallow_loopback = true\n',
    ],
  ] as const;

  test.each(modes)("is refused before there is a socket, in mode %s", async (mode, config) => {
    const environment = {
      OPENCLAW_GATEWAY_TOKEN: sharedToken,
      ...(mode === "password" && { OPENCLAW_GATEWAY_PASSWORD: sharedToken }),
    };
    await using gateway = await openGateway(config, environment);
    const bearer = { authorization: `Bearer ${sharedToken}` };
    const way = { ...(mode === "none" ? {} : bearer), "x-user": "ada" };
    for (const origin of foreign) {
      await expect(gateway.enter({ auth: token }, { ...way, origin })).rejects.toThrow("closed before");
      expect((await gateway.call("status", {}, { ...way, origin })).status).toBe(403);
    }
    expect((await gateway.call("status", {}, way)).status).toBe(200);
  });
});

describe("the page, which runs in a browser alone", () => {
  const page = { id: "openclaw-control-ui", mode: "webchat" };

  test("has to say where it comes from, and that must be the gateway or an allowed origin", async () => {
    await using gateway = await openGateway('[gateway]\nallowed_origins = ["https://desk.example.org"]\n');
    const device = new DeviceKey();
    const { client, answer } = await gateway.enter({ auth: token, device, client: page });
    expect(detailOf(answer)).toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
    expect((await client.close()).code).toBe(1008);
    for (const origin of [gateway.app.url.origin, "https://desk.example.org"]) {
      expect((await gateway.enter({ auth: token, device, client: page }, { origin })).answer.ok).toBe(true);
    }
  });
});

describe("SEC-03", () => {
  test("guesses from this machine count, from a page as from a program, and then the right token waits", async () => {
    await using gateway = await openGateway();
    const origin = { origin: gateway.app.url.origin };
    const details: unknown[] = [];
    for (let i = 0; i < 14; i++) {
      details.push(detailOf((await gateway.enter({ auth: { token: `guess-${i}` } }, i % 2 ? origin : {})).answer));
    }
    expect(details.filter((detail) => detail === "AUTH_TOKEN_MISMATCH")).toHaveLength(10);
    expect(details.slice(10)).toEqual(Array(4).fill("AUTH_RATE_LIMITED"));
    expect(detailOf((await gateway.enter({ auth: token })).answer)).toBe("AUTH_RATE_LIMITED");
  });
});

const isLocked = (outcome: unknown) => outcome === 429 || /lockedOut|RATE_LIMITED/.test(String(outcome));
const isWrong = (outcome: unknown) => outcome === 401 || /unauthorized|MISMATCH|INVALID/.test(String(outcome));

describe("SEC-04: one account of wrong attempts", () => {
  test("holds shared secrets, device tokens and setup codes, also when they come at once", async () => {
    await using gateway = await openGateway();
    const device = new DeviceKey();
    const deviceToken = await deviceTokenOf(gateway, device);
    const guesses = Array.from({ length: 30 }, async (_, i) => {
      const guess = `guess-${i}`;
      const kinds = [
        { auth: { token: guess } },
        { auth: { token: guess, deviceToken: guess }, device },
        { auth: { bootstrapToken: guess }, device: new DeviceKey() },
        { auth: { token: sharedToken, deviceToken: guess } },
        { auth: { token: guess, deviceToken: guess, password: guess }, device: new DeviceKey() },
      ];
      return detailOf((await gateway.enter(kinds[i % kinds.length] ?? {})).answer);
    });
    const details = await Promise.all(guesses);
    expect(details.filter((detail) => detail === "AUTH_RATE_LIMITED")).toHaveLength(20);
    const right = await gateway.enter({ auth: { deviceToken }, device });
    expect(detailOf(right.answer)).toBe("AUTH_RATE_LIMITED");
    expect((await gateway.call("status")).status).toBe(429);
  });

  test("holds what comes over HTTP, by upgrade and by connect in both dialects: of fifty at once ten are compared", async () => {
    await using gateway = await openGateway('[logging]\nlevel = "debug"\n');
    const device = new DeviceKey();
    await deviceTokenOf(gateway, device);
    const ways: readonly ((guess: string) => Promise<unknown>)[] = [
      async (guess) => (await gateway.call("status", {}, { authorization: `Bearer ${guess}` })).status,
      async (guess) => (await gateway.call("status", {}, { "x-gateway-token": guess })).status,
      async (guess) => (await gateway.call("connect", { auth: { password: guess } }, {})).body.error?.data?.["name"],
      async (guess) => detailOf((await gateway.enter({ auth: { token: guess } })).answer),
      async (guess) => detailOf((await gateway.enter({ auth: { deviceToken: guess }, device })).answer),
      async (guess) =>
        detailOf((await gateway.enter({ auth: { bootstrapToken: guess }, device: new DeviceKey() })).answer),
    ];
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => ways[i % ways.length]?.(`guess-${i}`)),
    );
    expect(outcomes.filter(isWrong)).toHaveLength(10);
    expect(outcomes.filter(isLocked)).toHaveLength(40);
    const log = await Bun.file(`${gateway.home}/state/logs/gateway.log`).text();
    expect(log.split("an address is locked out").length - 1).toBe(1);
    expect(log).not.toContain("guess-");
  });

  test("follows the caller behind a proxy, and no header of the caller's own", async () => {
    await using gateway = await openGateway(withProxy);
    for (let i = 0; i < 10; i++) {
      await gateway.enter({ auth: { token: "guess" } }, { "x-forwarded-for": `10.9.9.${i}, 203.0.113.7` });
    }
    const locked = await gateway.enter({ auth: token }, { "x-forwarded-for": "203.0.113.7" });
    expect(detailOf(locked.answer)).toBe("AUTH_RATE_LIMITED");
    expect((await gateway.enter({ auth: token }, { "x-forwarded-for": "203.0.113.8" })).answer.ok).toBe(true);
  });
});

describe("SEC-05: before connect", () => {
  test("no method that is advertised does anything but end the socket", async () => {
    await using gateway = await openGateway();
    const { client } = await gateway.enter({ auth: token });
    const hello = client.frames.find(({ payload }) => payload?.["type"] === "hello-ok")?.payload ?? {};
    const { methods } = hello["features"] as { methods: string[] };
    expect(methods).toContain("device.pair.approve");
    for (const method of methods) {
      const stranger = gateway.join();
      await stranger.connected();
      expect([method, (await stranger.ask(method)).ok]).toEqual([method, false]);
      expect((await stranger.close()).code).toBe(1008);
    }
  });
});

describe("SEC-10: what is brought is checked, not only looked for", () => {
  test.each<[string, Record<string, string>, boolean]>([
    ["a token that is none, and no device", { token: "x" }, false],
    ["a device token, and no device", { deviceToken: "x" }, false],
    ["a setup code, and no device", { bootstrapToken: "x" }, false],
    ["the right token beside a wrong device token, and no device", { token: sharedToken, deviceToken: "x" }, false],
    ["the right token beside a wrong device token", { token: sharedToken, deviceToken: "x" }, true],
    ["the right token beside a wrong setup code", { token: sharedToken, bootstrapToken: "x" }, true],
    ["a setup code that is none", { bootstrapToken: "x" }, true],
  ])("%s", async (_what, auth, hasDevice) => {
    await using gateway = await openGateway();
    const { answer } = await gateway.enter({ auth, ...(hasDevice && { device: new DeviceKey() }) });
    expect(answer.error?.code).toBe("INVALID_REQUEST");
    expect((await gateway.call("device.pair.list")).body.result).toEqual({ pending: [], paired: [] });
  });

  test("the token of another device", async () => {
    await using gateway = await openGateway();
    const foreign = await deviceTokenOf(gateway, new DeviceKey());
    const { answer } = await gateway.enter({ auth: { token: foreign, deviceToken: foreign }, device: new DeviceKey() });
    expect(detailOf(answer)).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
  });
});

test("SEC-11: what a device has signed for one socket opens no other", async () => {
  await using gateway = await openGateway();
  const device = new DeviceKey();
  const first = gateway.join();
  const nonce = await first.connected();
  const { answer } = await gateway.enter({ auth: token, device, nonce });
  expect(answer.error?.details).toMatchObject({ code: "DEVICE_AUTH_NONCE_MISMATCH", reason: "device-nonce-mismatch" });
});

test("SEC-12: a device that comes back as another machine is held until somebody says yes", async () => {
  await using gateway = await openGateway(withProxy);
  const device = new DeviceKey();
  const deviceToken = await deviceTokenOf(gateway, device);
  const client = { id: "openclaw-tui", mode: "ui" };
  for (const platform of ["darwin", "dаrwin"]) {
    const changed = { auth: { deviceToken }, device, client: { ...client, platform } };
    const { answer } = await gateway.enter(changed, { "x-forwarded-for": "203.0.113.7" });
    expect([platform, answer.error?.details?.["reason"]]).toEqual([platform, "metadata-upgrade"]);
  }
  const { answer } = await gateway.enter({ auth: { deviceToken }, device });
  expect(answer.ok).toBe(true);
});

describe("SEC-13: a loopback address behind a proxy is not this machine", () => {
  test.each(["x-forwarded-for", "forwarded", "x-real-ip", "via"])("%s of a proxy that nobody named", async (header) => {
    await using gateway = await openGateway();
    const response = await fetch(new URL("/ws", gateway.app.url), { headers: { [header]: "127.0.0.1" } });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: "proxy_attribution_required" } });
  });

  test.each<Record<string, string>>([
    { "x-forwarded-for": "127.0.0.1" },
    { "x-forwarded-proto": "https" },
    { "cf-connecting-ip": "127.0.0.1" },
    { host: "desk.example.org" },
  ])("%j of a trusted one pairs nothing unasked, and lends no scopes", async (headers) => {
    await using gateway = await openGateway(`${withProxy}allowed_hosts = ["desk.example.org"]\n`);
    const device = await gateway.enter({ auth: token, device: new DeviceKey() }, headers);
    expect(detailOf(device.answer)).toBe("PAIRING_REQUIRED");
    const program = await gateway.enter({ auth: token, scopes: ["operator.admin"] }, headers);
    expect(program.answer.payload?.["auth"]).toMatchObject({ scopes: [] });
  });
});

test("SEC-14: of what a proxy hands on, the last address that is no proxy is the caller", async () => {
  await using gateway = await openGateway('[gateway]\ntrusted_proxies = ["127.0.0.1", "10.0.0.0/8"]\n');
  const headers = { "x-forwarded-for": "127.0.0.1, 203.0.113.7, 10.0.0.1" };
  await gateway.enter({ auth: token }, headers);
  const { body } = await gateway.call("connections.list");
  expect(body.result).toMatchObject({ connections: [{ address: "203.0.113.7" }] });
});

test("SEC-16: what a page of another site could send to any route changes nothing", async () => {
  await using gateway = await openGateway();
  const authorization = `Bearer ${sharedToken}`;
  const listed = await fetch(new URL("/rpc/methods", gateway.app.url), { headers: { authorization } });
  const { methods } = (await listed.json()) as { methods: { route?: { verb: string; path: string } }[] };
  const mutating = methods.flatMap(({ route }) => (route && route.verb !== "GET" ? route : []));
  expect(mutating.map(({ path }) => path)).toContain("/api/v1/devices/setup-codes");
  for (const { verb, path } of [...mutating, { verb: "POST", path: "/rpc" }]) {
    const url = new URL(path.replaceAll(/\{\w+\}/g, "x"), gateway.app.url);
    const asForm = { method: verb, body: "{}", headers: { authorization, "content-type": "text/plain" } };
    expect([path, (await fetch(url, asForm)).status]).toEqual([path, 415]);
    const headers = { authorization, "content-type": "application/json", origin: "https://evil.example" };
    expect([path, (await fetch(url, { method: verb, body: "{}", headers })).status]).toEqual([path, 403]);
  }
});

test("no secret is in the log, whatever became of it", async () => {
  await using gateway = await openGateway(withProxy);
  const device = new DeviceKey();
  const deviceToken = await deviceTokenOf(gateway, device);
  const { body } = await gateway.call("device.pair.setupCode", {});
  const setupCode = String(body.result?.["setupCode"]);
  await gateway.enter({ auth: { bootstrapToken: setupCode }, device: new DeviceKey() });
  await gateway.enter({ auth: { deviceToken: `${deviceToken}x` }, device });
  await gateway.call("device.token.rotate", { deviceId: device.id, role: "operator" });
  const log = await Bun.file(`${gateway.home}/state/logs/gateway.log`).text();
  expect(log).toContain("a device was paired");
  for (const secret of [sharedToken, deviceToken, setupCode]) expect(log).not.toContain(secret);
});
