import { expect, test } from "bun:test";
import type { ConnectParams } from "../../../src/rpc/openclaw/connect-params.ts";
import { checkDevice, signedTexts } from "../../../src/rpc/openclaw/device.ts";

type Vector = { params: ConnectParams; device: NonNullable<ConnectParams["device"]>; signed: string };

/** Recorded from the original's terminal client, which signs the string of version 3. */
const terminal: Vector = {
  params: {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: "openclaw-tui", mode: "ui", version: "2026.9.6", platform: "linux", deviceFamily: " Linux" },
    role: "operator",
    scopes: ["operator.admin", "operator.read", "operator.write", "operator.approvals"],
    auth: { token: "testtoken123" },
  },
  device: {
    id: "6096fea7c929d1551de7bde65b8cb1f9f74dd0d60c5db5d88ac2b381e606babf",
    publicKey: "BT2lGdzRiRhj8L-jI790aHSg7uYz5k_-q6BXp7l3z_Y",
    signature: "VjR3I2N5bmYrKdFLNNkVKA9wr6S-orW5OPC7naVCvBPEQPX67Ni8S_EIYb6qh4A1PFqsL_6DM2huczVuOrwXCQ",
    signedAt: 1795169251608,
    nonce: "e80a86c0-995f-4eeb-a4f7-d8a3ffe78181",
  },
  signed:
    "v3|6096fea7c929d1551de7bde65b8cb1f9f74dd0d60c5db5d88ac2b381e606babf|openclaw-tui|ui|operator|operator.admin,operator.read,operator.write,operator.approvals|1795169251608|testtoken123|e80a86c0-995f-4eeb-a4f7-d8a3ffe78181|linux|linux",
};

/** Recorded from its page in a browser, which signs the string of version 2. */
const page: Vector = {
  params: {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: "openclaw-control-ui", mode: "webchat", version: "2026.9.6", platform: "Linux x86_64" },
    scopes: [
      "operator.admin",
      "operator.read",
      "operator.write",
      "operator.approvals",
      "operator.questions",
      "operator.pairing",
    ],
    auth: { token: "testtoken123", password: "testtoken123" },
  },
  device: {
    id: "74e316d30a5d4ae8c87324b6af4b9881bf4c64e691136201dfdd3d0fd332ce3e",
    publicKey: "vcIQjpc0DzRoR2MaW0bx0jkvUSKx0vtM5N7HPDttWJ4",
    signature: "cQ7QMSMvHIhmH4u7GuW6EzdxoKOPMmqS0qZXpxQ_qOWa7VOV7kDh8Hzou256-JJu9LONDzvbLWSbo_jCVtimAw",
    signedAt: 1795169455479,
    nonce: "679279c3-1e3f-444c-b3a1-41676d1e2227",
  },
  signed:
    "v2|74e316d30a5d4ae8c87324b6af4b9881bf4c64e691136201dfdd3d0fd332ce3e|openclaw-control-ui|webchat|operator|operator.admin,operator.read,operator.write,operator.approvals,operator.questions,operator.pairing|1795169455479|testtoken123|679279c3-1e3f-444c-b3a1-41676d1e2227",
};

const challengeOf = ({ device: { nonce, signedAt } }: Vector) => ({ nonce, ts: signedAt });

test.each([
  ["the terminal client", terminal],
  ["the page", page],
])("what %s signed was recorded, and is accepted", async (_who, vector) => {
  expect(signedTexts(vector.params, vector.device)).toContain(vector.signed);
  expect(await checkDevice(vector.params, vector.device, challengeOf(vector))).toEqual({
    ok: true,
    device: vector.device,
  });
});

test("a key may be sent as PEM and in plain base64", async () => {
  const { params, device } = terminal;
  const raw = Buffer.from(device.publicKey, "base64url");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]).toString("base64");
  const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`;
  for (const publicKey of [pem, raw.toString("base64")]) {
    expect(await checkDevice(params, { ...device, publicKey }, challengeOf(terminal))).toEqual({ ok: true, device });
  }
  const p256 = pem.replace("MCowBQYDK2Vw", "MCowBQYDK2Vx");
  expect(await checkDevice(params, { ...device, publicKey: p256 }, challengeOf(terminal))).toMatchObject({
    because: { code: "DEVICE_AUTH_PUBLIC_KEY_INVALID" },
  });
});

const { params, device } = terminal;
const { nonce, ts } = challengeOf(terminal);

test.each<[string, ConnectParams, Partial<Vector["device"]>, { nonce: string; ts: number }, string]>([
  ["another key's id", params, { id: page.device.id }, { nonce, ts }, "DEVICE_ID_MISMATCH"],
  ["another key", params, { publicKey: page.device.publicKey }, { nonce, ts }, "DEVICE_ID_MISMATCH"],
  ["no key", params, { publicKey: "AAAA" }, { nonce, ts }, "PUBLIC_KEY_INVALID"],
  ["the challenge of another socket", params, {}, { nonce: page.device.nonce, ts }, "NONCE_MISMATCH"],
  ["a signature of two minutes ago", params, {}, { nonce, ts: ts + 120_001 }, "SIGNATURE_EXPIRED"],
  ["a signature of the future", params, {}, { nonce, ts: ts - 120_001 }, "SIGNATURE_EXPIRED"],
  ["another signature", params, { signature: page.device.signature }, { nonce, ts }, "SIGNATURE_INVALID"],
  ["half a signature", params, { signature: device.signature.slice(0, 40) }, { nonce, ts }, "SIGNATURE_INVALID"],
  [
    "more scopes than were signed",
    { ...params, scopes: [...(params.scopes ?? []), "operator.pairing"] },
    {},
    { nonce, ts },
    "SIGNATURE_INVALID",
  ],
  ["another role than was signed", { ...params, role: "node" }, {}, { nonce, ts }, "SIGNATURE_INVALID"],
  ["another token than was signed", { ...params, auth: { token: "other" } }, {}, { nonce, ts }, "SIGNATURE_INVALID"],
  [
    "another platform than was signed",
    { ...params, client: { ...params.client, platform: "darwin" } },
    {},
    { nonce, ts },
    "SIGNATURE_INVALID",
  ],
])("%s is refused", async (_what, given, change, challenge, code) => {
  expect(await checkDevice(given, { ...device, ...change }, challenge)).toMatchObject({
    ok: false,
    because: { code: `DEVICE_AUTH_${code}`, reason: expect.stringMatching(/^device-/) },
  });
});
