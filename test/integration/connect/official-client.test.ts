import { expect, test } from "bun:test";
import { DeviceKey } from "../../support/device-key.ts";
import { openGateway, sharedToken } from "../../support/open-gateway.ts";
import { OfficialClient } from "../../support/openclaw-client.ts";
import { schemaProblems } from "../../support/openclaw-schema.ts";
import { startRelay } from "../../support/recording-relay.ts";
import { until } from "../../support/until.ts";

/** What the original's client keeps between runs. */
class TokenStore {
  readonly device = new DeviceKey();
  kept: { token: string; scopes: string[] } | undefined;

  options(url: string) {
    return {
      url,
      deviceIdentity: this.device.pem,
      scopes: ["operator.read", "operator.pairing"],
      hostDeps: {
        signDevicePayload: (_key: string, payload: string) => this.device.sign(payload),
        publicKeyRawBase64UrlFromPem: () => this.device.publicKey,
        loadDeviceAuthToken: () => this.kept ?? null,
        storeDeviceAuthToken: ({ token, scopes }: { token: string; scopes: string[] }) => {
          this.kept = { token, scopes };
        },
        clearDeviceAuthToken: () => {
          this.kept = undefined;
        },
      },
    };
  }
}

test("the original's client pairs its device silently, reconnects with the device token alone, and is shut out on removal", async () => {
  await using gateway = await openGateway();
  await using relay = startRelay(gateway.app.url.href.replace("http", "ws").replace(/\/$/, ""));
  const store = new TokenStore();
  {
    await using first = await OfficialClient.connect({ ...store.options(relay.url), token: sharedToken });
    expect(first.hellos[0]?.auth).toMatchObject({ role: "operator", scopes: ["operator.read", "operator.pairing"] });
    expect(store.kept?.token).toBe(String(first.hellos[0]?.auth.deviceToken));
  }
  const token = store.kept?.token;
  await using second = await OfficialClient.connect(store.options(relay.url));
  expect(second.hellos[0]?.auth).toMatchObject({ method: "device-token", deviceToken: token });
  expect(await second.request("device.pair.list")).toMatchObject({
    paired: [{ deviceId: store.device.id, connected: true, approvedVia: "silent" }],
  });

  await gateway.call("device.pair.remove", { deviceId: store.device.id });
  await until("the end", () => second.closes[0]);
  expect(second.closes[0]).toEqual({ code: 4001, reason: "device removed" });
  await until("the token to be forgotten", () => store.kept === undefined, 20_000);
  expect(second.hellos).toHaveLength(1);
  expect(relay.said.flatMap(schemaProblems)).toEqual([]);
}, 30_000);

test("with the shared secret of yesterday it comes in by its device token", async () => {
  await using gateway = await openGateway();
  const store = new TokenStore();
  const url = gateway.app.url.href.replace("http", "ws");
  const first = await OfficialClient.connect({ ...store.options(url), token: sharedToken });
  await first[Symbol.asyncDispose]();
  await using second = new OfficialClient({ ...store.options(url), token: "the-secret-of-yesterday" });
  await until("the hello", () => second.hellos[0], 20_000);
  expect(second.hellos[0]?.auth).toMatchObject({ method: "device-token" });
}, 30_000);

test("on another machine it asks, waits, and comes in once somebody said yes", async () => {
  await using gateway = await openGateway("[gateway.nodes.pairing]\nauto_approve_local = false\n");
  const store = new TokenStore();
  const url = gateway.app.url.href.replace("http", "ws");
  const person = { clientName: "openclaw-tui", mode: "ui" } as const;
  await using client = new OfficialClient({ ...store.options(url), ...person, token: sharedToken });
  const pending = await until("the request", async () => {
    const { body } = await gateway.call("device.pair.list");
    return (body.result as { pending: { requestId: string }[] }).pending[0];
  });
  await gateway.call("device.pair.approve", { requestId: pending.requestId });
  await until("the hello", () => client.hellos[0], 20_000);
  expect(store.kept?.scopes).toEqual(["operator.read", "operator.pairing"]);
}, 30_000);
