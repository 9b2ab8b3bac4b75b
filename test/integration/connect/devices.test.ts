import { describe, expect, test } from "bun:test";
import { DeviceKey } from "../../support/device-key.ts";
import { type OpenGateway, openGateway, sharedToken } from "../../support/open-gateway.ts";
import { SocketClient } from "../../support/socket-client.ts";
import { schemaProblems, resultProblems } from "../../support/openclaw-schema.ts";
import type { OpenClawFrame } from "../../support/openclaw-socket.ts";
import { until } from "../../support/until.ts";

const token = { token: sharedToken };
const everything = ["operator.admin", "operator.pairing", "operator.read", "operator.write"];
/** With this, a proxy on this machine may speak for others, who are then elsewhere. */
const withProxy = '[gateway]\ntrusted_proxies = ["127.0.0.1"]\n';
const elsewhere = { "x-forwarded-for": "203.0.113.7" };

interface Auth {
  readonly method: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly deviceToken: string;
  readonly issuedAtMs: number;
}

function authOf({ payload }: OpenClawFrame): Auth {
  return (payload as { auth: Auth }).auth;
}

function detailsOf({ error }: OpenClawFrame): Record<string, unknown> {
  return { ...error?.details, code: error?.code, detail: error?.details?.["code"] };
}

/** A program of this machine that may decide. */
async function operator(gateway: OpenGateway, scopes: readonly string[] = everything) {
  const { client, answer } = await gateway.enter({ auth: token, scopes });
  expect(answer.ok).toBe(true);
  return client;
}

async function paired(gateway: OpenGateway, device = new DeviceKey(), scopes: readonly string[] = ["operator.read"]) {
  const { client, answer } = await gateway.enter({ auth: token, device, scopes });
  return { device, client, auth: authOf(answer) };
}

describe("a device of this machine that shows the shared secret", () => {
  test("is paired at once, told its token, and later comes in with that alone", async () => {
    await using gateway = await openGateway();
    const { device, auth, client } = await paired(gateway);
    expect(auth).toMatchObject({ method: "token", role: "operator", scopes: ["operator.read"] });
    expect(auth.deviceToken).toMatch(/^\S{32,}$/);
    const own = { token: auth.deviceToken, deviceToken: auth.deviceToken };
    for (const proof of [own, { token: auth.deviceToken }, { deviceToken: auth.deviceToken }]) {
      const again = await gateway.enter({ auth: proof, device });
      expect(authOf(again.answer)).toEqual({ ...auth, method: "device-token" });
      expect(again.client.texts.flatMap(schemaProblems)).toEqual([]);
    }
    expect(client.texts.flatMap(schemaProblems)).toEqual([]);
  });

  test("many times a minute, without that its token counts as a wrong shared secret", async () => {
    await using gateway = await openGateway();
    const { device, auth } = await paired(gateway);
    for (let i = 0; i < 15; i++) {
      const { answer } = await gateway.enter({ auth: { token: auth.deviceToken }, device });
      expect(answer.ok).toBe(true);
    }
  });

  test("comes in with its token where the shared secret has become another", async () => {
    await using gateway = await openGateway();
    const { device, auth } = await paired(gateway);
    const { answer } = await gateway.enter({ auth: { token: "the-old-one", deviceToken: auth.deviceToken }, device });
    expect(authOf(answer).method).toBe("device-token");
  });

  test("is told with its wrong token to forget it, and asked for what it may where it wants more", async () => {
    await using gateway = await openGateway();
    const { device, auth } = await paired(gateway);
    const wrong = await gateway.enter({ auth: { token: "wrong", deviceToken: "wrong" }, device });
    expect(detailsOf(wrong.answer)).toMatchObject({ detail: "AUTH_DEVICE_TOKEN_MISMATCH" });
    expect((await wrong.client.close()).reason).toContain("device token mismatch");
    const shared = await gateway.enter({ auth: { token: "wrong" }, device });
    expect(detailsOf(shared.answer)).toMatchObject({
      detail: "AUTH_TOKEN_MISMATCH",
      canRetryWithDeviceToken: true,
      recommendedNextStep: "retry_with_device_token",
    });
    const wide = await gateway.enter({ auth: { token: auth.deviceToken }, device, scopes: ["operator.admin"] });
    expect(detailsOf(wide.answer)).toMatchObject({
      detail: "AUTH_SCOPE_MISMATCH",
      recommendedNextStep: "review_auth_configuration",
    });
  });

  test("waits for a yes where the settings do not let it in unasked", async () => {
    await using gateway = await openGateway("[gateway.nodes.pairing]\nauto_approve_local = false\n");
    const { answer } = await gateway.enter({ auth: token, device: new DeviceKey() });
    expect(detailsOf(answer)).toMatchObject({ code: "NOT_PAIRED", detail: "PAIRING_REQUIRED", reason: "not-paired" });
  });
});

describe("a device of another machine", () => {
  test("waits for an operator's yes, of which the operators hear, and comes in then", async () => {
    await using gateway = await openGateway(withProxy);
    const decider = await operator(gateway);
    const reader = await operator(gateway, ["operator.read"]);
    const device = new DeviceKey();
    const first = await gateway.enter({ auth: token, device }, elsewhere);
    const { requestId } = detailsOf(first.answer) as { requestId: string };
    expect(detailsOf(first.answer)).toMatchObject({
      code: "NOT_PAIRED",
      detail: "PAIRING_REQUIRED",
      reason: "not-paired",
      requestId: expect.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/),
      deviceId: device.id,
      requestedRole: "operator",
      requestedScopes: ["operator.read"],
      recommendedNextStep: "wait_then_retry",
      retryable: true,
      pauseReconnect: false,
    });
    const { code, reason } = await first.client.close();
    expect([code, reason.startsWith("pairing required: ")]).toEqual([1008, true]);
    expect(reason).toContain(requestId);

    const again = await gateway.enter({ auth: token, device }, elsewhere);
    expect(detailsOf(again.answer)["requestId"]).toBe(requestId);
    const requested = await until("the news", () => decider.events("device.pair.requested")[0]);
    expect(requested.payload).toMatchObject({ requestId, deviceId: device.id, publicKey: device.publicKey });
    expect(await decider.ask("device.pair.list")).toMatchObject({ payload: { pending: [{ requestId }], paired: [] } });

    const approved = await decider.ask("device.pair.approve", { requestId });
    expect(approved.payload).toMatchObject({ requestId, device: { deviceId: device.id, approvedVia: "owner" } });
    await until("the news", () => decider.events("device.pair.changed")[0]);
    expect(decider.events("device.pair.resolved")).toMatchObject([{ payload: { requestId, decision: "approved" } }]);

    const { answer } = await gateway.enter({ auth: token, device }, elsewhere);
    expect(authOf(answer)).toMatchObject({ method: "token", scopes: ["operator.read"] });
    expect(JSON.stringify(approved)).not.toContain(authOf(answer).deviceToken);
    expect(await decider.ask("device.pair.list")).toMatchObject({
      payload: { pending: [], paired: [{ deviceId: device.id, connected: true, roles: ["operator"] }] },
    });
    expect(reader.frames.filter(({ event }) => event?.startsWith("device."))).toEqual([]);
    expect(decider.texts.flatMap(schemaProblems)).toEqual([]);
  });

  test("is turned away, and asks anew under another id", async () => {
    await using gateway = await openGateway(withProxy);
    const decider = await operator(gateway);
    const device = new DeviceKey();
    const { requestId } = detailsOf((await gateway.enter({ auth: token, device }, elsewhere)).answer);
    expect((await decider.ask("device.pair.reject", { requestId })).payload).toEqual({
      requestId,
      deviceId: device.id,
    });
    expect((await decider.ask("device.pair.approve", { requestId })).error).toMatchObject({
      details: { code: "PAIRING_NOT_FOUND" },
    });
    const again = await gateway.enter({ auth: token, device }, elsewhere);
    expect(detailsOf(again.answer)["requestId"]).not.toBe(requestId);
  });

  test("that asks for more than it has waits again, and is told what it has", async () => {
    await using gateway = await openGateway(withProxy);
    const { device } = await paired(gateway);
    const more = await gateway.enter({ auth: token, device, scopes: ["operator.write"] }, elsewhere);
    expect(detailsOf(more.answer)).toMatchObject({
      reason: "scope-upgrade",
      approvedRoles: ["operator"],
      approvedScopes: ["operator.read"],
    });
  });
});

describe("a node", () => {
  const node = { id: "node-host", mode: "node" };

  test("comes in by the older protocol too, has no scopes, and may call what is for nodes", async () => {
    await using gateway = await openGateway();
    const device = new DeviceKey();
    const joining = { auth: token, device, role: "node", client: node, scopes: ["operator.admin"] } as const;
    const { client, answer } = await gateway.enter({ ...joining, minProtocol: 3, maxProtocol: 3 });
    expect(authOf(answer)).toMatchObject({ role: "node", scopes: [], deviceToken: expect.any(String) });
    expect(answer.payload).toMatchObject({ protocol: 4, snapshot: { presence: [] } });
    expect((await client.ask("health")).ok).toBe(true);
    expect((await client.ask("sessions.list")).error).toMatchObject({
      code: "INVALID_REQUEST",
      message: "unauthorized role: node",
    });
    expect(client.texts.flatMap(schemaProblems)).toEqual([]);
    const decider = await operator(gateway);
    expect(await decider.ask("device.pair.list")).toMatchObject({
      payload: { paired: [{ deviceId: device.id, role: "node", connected: true }] },
    });
  });

  test("that goes on calling what is not for it is closed", async () => {
    await using gateway = await openGateway();
    const { client } = await gateway.enter({
      auth: token,
      device: new DeviceKey(),
      role: "node",
      client: node,
      scopes: [],
    });
    for (let i = 0; i < 10; i++) await client.ask("status");
    expect(client.closed).toBeUndefined();
    await client.ask("status");
    expect(await client.close()).toEqual({ code: 1008, reason: "repeated unauthorized calls" });
  });

  test("is not told by a device of a person: each role is approved by itself", async () => {
    await using gateway = await openGateway(withProxy);
    const { device } = await paired(gateway);
    const joining = { auth: token, device, role: "node", client: node, scopes: [] } as const;
    const { answer } = await gateway.enter(joining, elsewhere);
    expect(detailsOf(answer)).toMatchObject({ reason: "role-upgrade", requestedRole: "node" });
    expect(detailsOf(answer)).not.toHaveProperty("pauseReconnect");
  });
});

describe("what a device was let in by is taken away", () => {
  test("SEC-09: a device that is removed is cut off at once, and its token opens nothing", async () => {
    await using gateway = await openGateway();
    const { device, client, auth } = await paired(gateway);
    const other = await paired(gateway);
    const decider = await operator(gateway);
    expect((await decider.ask("device.pair.remove", { deviceId: device.id })).payload).toEqual({ deviceId: device.id });
    expect(await client.close()).toEqual({ code: 4001, reason: "device removed" });
    expect(other.client.closed).toBeUndefined();
    const again = await gateway.enter({ auth: { token: auth.deviceToken, deviceToken: auth.deviceToken }, device });
    expect(detailsOf(again.answer)["detail"]).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    expect((await decider.ask("device.pair.remove", { deviceId: device.id })).error).toMatchObject({
      details: { code: "DEVICE_NOT_FOUND" },
    });
  });

  test("SEC-09: a rotated token is told to nobody but its device, and the old one opens nothing", async () => {
    await using gateway = await openGateway();
    const { device, client, auth } = await paired(gateway);
    const decider = await operator(gateway);
    const rotated = await decider.ask("device.token.rotate", { deviceId: device.id, role: "operator" });
    expect(rotated.payload).toMatchObject({ tokenDelivery: "withheld-cross-device", scopes: ["operator.read"] });
    expect(rotated.payload).not.toHaveProperty("token");
    expect(resultProblems("device.token.rotate", rotated.payload)).toEqual([]);
    expect(await client.close()).toEqual({ code: 4001, reason: "gateway auth changed" });
    const old = await gateway.enter({ auth: { deviceToken: auth.deviceToken }, device });
    expect(detailsOf(old.answer)["detail"]).toBe("AUTH_DEVICE_TOKEN_MISMATCH");
    const fresh = await gateway.enter({ auth: token, device });
    expect(authOf(fresh.answer).deviceToken).not.toBe(auth.deviceToken);
  });

  test("a device that rotates its own token is told the new one before it is cut off", async () => {
    await using gateway = await openGateway();
    const { device, client } = await paired(gateway, new DeviceKey(), everything);
    const { payload } = await client.ask("device.token.rotate", { deviceId: device.id, role: "operator" });
    expect(resultProblems("device.token.rotate", payload)).toEqual([]);
    expect(payload?.["tokenDelivery"]).toBe("in-band");
    expect(await client.close()).toEqual({ code: 4001, reason: "gateway auth changed" });
    const again = await gateway.enter({ auth: { token: String(payload?.["token"]) }, device, scopes: everything });
    expect(authOf(again.answer).method).toBe("device-token");
  });

  test("SEC-09: a revoked role is cut off, and the shared secret alone does not bring it back", async () => {
    await using gateway = await openGateway();
    const { device, client } = await paired(gateway);
    const decider = await operator(gateway);
    const { payload } = await decider.ask("device.token.revoke", { deviceId: device.id, role: "operator" });
    expect(payload).toEqual({ deviceId: device.id, role: "operator", revokedAtMs: expect.any(Number) });
    expect((await client.close()).code).toBe(4001);
    const { answer } = await gateway.enter({ auth: token, device });
    expect(detailsOf(answer)["detail"]).toBe("PAIRING_REQUIRED");
  });

  test("SEC-09: who is on the way in while its device is removed does not stay", async () => {
    await using gateway = await openGateway();
    const { device, auth } = await paired(gateway);
    const decider = await operator(gateway);
    const racing = Array.from({ length: 10 }, () => gateway.enter({ auth: { token: auth.deviceToken }, device }));
    await decider.ask("device.pair.remove", { deviceId: device.id });
    const raced = await Promise.all(racing);
    for (const { client } of raced) expect((await client.close()).code).toBeOneOf([4001, 1008]);
    const { payload } = await decider.ask("connections.list");
    expect(JSON.stringify(payload)).not.toContain(device.id);
  });
});

test("clients of JSON-RPC are told of devices too, if they may decide about them", async () => {
  await using gateway = await openGateway(withProxy);
  const url = new URL("/ws", gateway.app.url).href.replace(/^http/, "ws");
  await using decider = await SocketClient.open(url, sharedToken);
  await using reader = await SocketClient.open(url, null);
  await reader.call("connect", { token: sharedToken, scopes: ["operator.read"] });
  const told: unknown[] = [];
  const overheard: string[] = [];
  decider.onNotification(({ method, params }) => method === "device.pair.requested" && told.push(params));
  reader.onNotification(({ method }) => overheard.push(method));
  const device = new DeviceKey();
  await gateway.enter({ auth: token, device }, elsewhere);
  await until("the news", () => told[0]);
  expect(told).toMatchObject([{ deviceId: device.id, silent: false }]);
  await reader.call("ping");
  expect(overheard.filter((method) => method.startsWith("device."))).toEqual([]);
});

test("a device is named, over JSON-RPC and REST as well", async () => {
  await using gateway = await openGateway();
  const { device } = await paired(gateway);
  const renamed = await gateway.call("device.pair.rename", { deviceId: device.id, label: "Desk" });
  expect(renamed.body.result).toEqual({ deviceId: device.id, label: "Desk" });
  const response = await fetch(new URL("/api/v1/devices", gateway.app.url), {
    headers: { authorization: `Bearer ${sharedToken}` },
  });
  expect(await response.json()).toMatchObject({ paired: [{ deviceId: device.id, label: "Desk", connected: true }] });
});

test("SEC-06: scopes are what was approved, whatever a client says it has", async () => {
  await using gateway = await openGateway(withProxy);
  const unknownClient = { id: "test", mode: "test" };
  const unknown = await gateway.enter({ auth: token, client: unknownClient, scopes: ["operator.admin"] });
  expect(authOf(unknown.answer).scopes).toEqual([]);
  const far = await gateway.enter({ auth: token, scopes: ["operator.admin"] }, elsewhere);
  expect(authOf(far.answer).scopes).toEqual([]);
  const { device, auth } = await paired(gateway);
  const wider = await gateway.enter({ auth: { token: auth.deviceToken }, device, scopes: everything }, elsewhere);
  expect(wider.answer.ok).toBe(false);
});

test("SEC-07: nobody approves, rotates or hands out more than they hold", async () => {
  await using gateway = await openGateway(withProxy);
  const weak = await operator(gateway, ["operator.pairing", "operator.read"]);
  const { device } = await paired(gateway, new DeviceKey(), everything);
  const asking = await gateway.enter({ auth: token, device: new DeviceKey(), scopes: ["operator.admin"] }, elsewhere);
  const { requestId } = detailsOf(asking.answer);
  for (const [method, params] of [
    ["device.pair.approve", { requestId }],
    ["device.pair.remove", { deviceId: device.id }],
    ["device.token.rotate", { deviceId: device.id, role: "operator" }],
    ["device.token.revoke", { deviceId: device.id, role: "operator" }],
    ["device.pair.setupCode", {}],
  ] as const) {
    expect([method, (await weak.ask(method, params)).error?.code]).toEqual([method, "FORBIDDEN"]);
  }
  const narrow = await paired(gateway);
  const strong = await operator(gateway);
  const widened = { deviceId: narrow.device.id, role: "operator", scopes: ["operator.admin"] };
  expect((await strong.ask("device.token.rotate", widened)).error?.code).toBe("FORBIDDEN");
});

async function makeCode(gateway: OpenGateway, access: string) {
  const { body } = await gateway.call("device.pair.setupCode", { access });
  return body.result as { setupId: string; setupCode: string };
}

describe("a setup code", () => {
  test("SEC-08: pairs one device once, with what was fixed when it was made", async () => {
    await using gateway = await openGateway(withProxy);
    const { setupId, setupCode } = await makeCode(gateway, "limited");
    const device = new DeviceKey();
    const joining = { auth: { bootstrapToken: setupCode }, device };
    const wide = await gateway.enter({ ...joining, scopes: ["operator.admin"] }, elsewhere);
    expect(wide.answer.ok).toBe(false);
    const first = await gateway.enter({ ...joining, scopes: ["operator.read"] }, elsewhere);
    const auth = authOf(first.answer);
    expect(auth).toMatchObject({
      method: "bootstrap-token",
      deviceTokens: [{ deviceToken: auth.deviceToken, role: "operator" }],
    });
    expect(first.client.texts.flatMap(schemaProblems)).toEqual([]);
    expect((await gateway.call("device.pair.setupStatus", { setupId })).body.result).toMatchObject({ status: "used" });
    const second = await gateway.enter({ ...joining, device: new DeviceKey() }, elsewhere);
    expect(detailsOf(second.answer)["detail"]).toBe("AUTH_BOOTSTRAP_TOKEN_INVALID");
    const later = await gateway.enter({ auth: { token: auth.deviceToken }, device }, elsewhere);
    expect(authOf(later.answer).method).toBe("device-token");
  });

  test("SEC-08: of twenty that bring it at once, one comes in", async () => {
    await using gateway = await openGateway(withProxy);
    const { setupCode } = await makeCode(gateway, "limited");
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        gateway.enter(
          { auth: { bootstrapToken: setupCode }, device: new DeviceKey() },
          { "x-forwarded-for": `203.0.113.${i + 1}` },
        ),
      ),
    );
    expect(all.filter(({ answer }) => answer.ok)).toHaveLength(1);
  });

  test("is told to the original's clients with the gateway's address, as they know it", async () => {
    await using gateway = await openGateway();
    const decider = await operator(gateway);
    const { payload } = await decider.ask("device.pair.setupCode", { bootstrapProfile: "node" });
    expect(resultProblems("device.pair.setupCode", payload)).toEqual([]);
    const decoded = JSON.parse(Buffer.from(String(payload?.["setupCode"]), "base64url").toString()) as {
      bootstrapToken: string;
      url: string;
    };
    expect(decoded.url).toBe(gateway.app.url.href.replace("http", "ws"));
    const { answer } = await gateway.enter({
      auth: { bootstrapToken: decoded.bootstrapToken },
      device: new DeviceKey(),
      role: "node",
      client: { id: "node-host", mode: "node" },
      scopes: [],
    });
    expect(authOf(answer)).toMatchObject({ method: "bootstrap-token", role: "node" });
  });
});
