import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { DeviceKey } from "../../support/device-key.ts";
import { openGateway } from "../../support/open-gateway.ts";

const behindProxy = `[gateway]
trusted_proxies = ["127.0.0.1"]
[gateway.auth]
mode = "trusted-proxy"
[gateway.auth.trusted_proxy]
user_header = "X-Auth-User"
`;
const onThisMachine = `${behindProxy}allow_loopback = true\n`;
const ada = { "x-auth-user": "ada", "x-forwarded-for": "203.0.113.7" };

describe("where a proxy says who is calling", () => {
  test("whom it names may call, with as little as it asks for; whom it does not name may not", async () => {
    await using gateway = await openGateway(onThisMachine, {});
    expect((await gateway.call("status", {}, ada)).body.result).toMatchObject({ version: "1.2.3" });
    const narrowed = { ...ada, "x-openclaw-scopes": "operator.read, operator.nonsense" };
    expect((await gateway.call("status", {}, narrowed)).status).toBe(200);
    expect((await gateway.call("sessions.delete", { sessionKey: "x" }, narrowed)).body.error?.data).toMatchObject({
      name: "missingScope",
    });
    expect((await gateway.call("status", {}, { ...ada, "x-openclaw-scopes": "" })).body.error?.data).toMatchObject({
      name: "missingScope",
    });
    const doubled = await gateway.call("status", {}, { ...ada, "x-auth-user": "eve, ada" });
    expect(doubled).toMatchObject({ status: 401, body: { error: { data: { problem: expect.any(String) } } } });
    const unnamed = await fetch(new URL("/status", gateway.app.url), { headers: { "x-forwarded-for": "203.0.113.7" } });
    expect(unnamed.status).toBe(401);
    const { answer } = await gateway.enter({}, { "x-forwarded-for": "203.0.113.7" });
    expect(answer.error?.details).toMatchObject({ code: "AUTH_IDENTITY_HEADER_REQUIRED" });
  });

  test("what was meant for the proxy is not taken for a wrong secret", async () => {
    await using gateway = await openGateway(onThisMachine, {});
    expect((await gateway.call("status", {}, { ...ada, authorization: "Basic YWRhOmxvdmVsYWNl" })).status).toBe(200);
    const { answer } = await gateway.enter({ auth: { token: "typed", password: "typed" } }, ada);
    expect(answer.payload?.["auth"]).toMatchObject({ method: "trusted-proxy" });
  });

  test("SEC-06: a client without a device has no scopes, one with a device waits for a yes", async () => {
    await using gateway = await openGateway(onThisMachine, {});
    for (const headers of [ada, { "x-auth-user": "ada" }]) {
      const { answer } = await gateway.enter({ scopes: ["operator.admin"] }, headers);
      expect(answer.payload?.["auth"]).toMatchObject({ method: "trusted-proxy", scopes: [] });
      const device = await gateway.enter({ device: new DeviceKey() }, headers);
      expect(device.answer.error?.details).toMatchObject({ code: "PAIRING_REQUIRED" });
    }
  });

  test("a device that was approved comes in, with no more than the proxy lets through", async () => {
    await using gateway = await openGateway(onThisMachine, {});
    const device = new DeviceKey();
    const scopes = ["operator.read", "operator.write"];
    const { answer } = await gateway.enter({ device, scopes }, ada);
    const requestId = answer.error?.details?.["requestId"];
    expect((await gateway.call("device.pair.approve", { requestId }, ada)).body.result).toMatchObject({ requestId });
    const whole = await gateway.enter({ device, scopes }, ada);
    expect(whole.answer.payload?.["auth"]).toMatchObject({ method: "trusted-proxy", scopes });
    const part = await gateway.enter({ device, scopes }, { ...ada, "x-openclaw-scopes": "operator.read" });
    expect(part.answer.payload?.["auth"]).toMatchObject({ scopes: ["operator.read"] });
  });

  test("who calls from this machine, past the proxy, shows the token", async () => {
    await using gateway = await openGateway(behindProxy, {});
    const token = readFileSync(gateway.app.tokenFile ?? "", "utf8").trim();
    const bearer = { authorization: `Bearer ${token}` };
    expect((await gateway.call("status", {}, bearer)).status).toBe(200);
    expect((await gateway.call("status", {}, { ...bearer, "x-forwarded-for": "203.0.113.7" })).status).toBe(401);
  });

  test("only certain users, only with certain headers, and never two at once", async () => {
    const config = `${onThisMachine}allow_users = ["ada"]\nrequired_headers = ["X-Proxy-Proof"]\n`;
    await using gateway = await openGateway(config, {});
    const statusOf = async (headers: Record<string, string>) => (await gateway.call("status", {}, headers)).status;
    const proven = { ...ada, "x-proxy-proof": "1" };
    expect(await statusOf(proven)).toBe(200);
    expect((await gateway.call("status", {}, ada)).body.error).toMatchObject({ data: { name: "unauthorized" } });
    expect(await statusOf({ ...proven, "x-auth-user": "eve" })).toBe(401);
    expect(await statusOf({ ...proven, "x-auth-user": "ada, eve" })).toBe(401);
    await expect(gateway.enter({}, { ...proven, "x-auth-user": "eve" })).rejects.toThrow("closed before");
  });
});

describe("SEC-15: elsewhere nobody is believed who they say they are", () => {
  const identities = {
    "x-auth-user": "ada",
    "x-forwarded-user": "ada",
    "tailscale-user-login": "ada@example.org",
    "cf-access-authenticated-user-email": "ada@example.org",
  };

  test.each([
    ["a proxy on this machine that the settings do not allow", behindProxy],
    ["a peer that is no proxy", onThisMachine.replace("127.0.0.1", "192.0.2.1")],
    ["a mode that asks for the token", '[gateway]\ntrusted_proxies = ["127.0.0.1"]\n'],
  ])("by %s", async (_what, config) => {
    await using gateway = await openGateway(config, {});
    const { body } = await gateway.call("status", {}, identities);
    expect(body.error?.data).toMatchObject({ name: "unauthorized" });
    const { answer } = await gateway.enter({}, identities);
    expect(answer.ok).toBe(false);
  });
});

test.each([
  ["no proxy is named", behindProxy.replace('trusted_proxies = ["127.0.0.1"]', ""), "trusted_proxies names no proxy"],
  ["no header is named", behindProxy.replace('user_header = "X-Auth-User"', ""), "user_header is not set"],
])("SEC-20: the gateway does not start where %s", async (_why, config, says) => {
  await expect(openGateway(config, {})).rejects.toThrow(says);
});
