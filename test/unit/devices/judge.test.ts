import type { Arrival, DeviceAbout } from "#devices";
import { expect, test } from "bun:test";
import { Secret } from "#base";
import type { DeviceRecord, GrantRecord } from "../../../src/devices/device-record.ts";
import { issueGrant, tokenOf } from "../../../src/devices/grant-token.ts";
import { judge, type Known } from "../../../src/devices/judge.ts";
import type { SetupRecord } from "../../../src/devices/setup-record.ts";
import { arrivalOf, deviceId, linux } from "../../support/device-house.ts";

const key = new Secret("0".repeat(64));
const local = { by: "sharedSecret", isLocal: true } as const;
const remote = { by: "sharedSecret", isLocal: false } as const;
const localNothing = { by: "nothing", isLocal: true } as const;
const remoteNothing = { by: "nothing", isLocal: false } as const;
const code = { by: "setupCode", code: "0000" } as const;
const operator = grant("operator", ["operator.write"]);
const node = grant("node", []);
const revoked = { ...operator, revokedAt: 1 };
const token = {
  by: "deviceToken",
  token: tokenOf(key, { deviceId: deviceId("a"), role: "operator" }, operator).reveal(),
} as const;
const cyrillic: DeviceAbout = { ...linux, platform: "d\u0430rwin" };
const darwin: DeviceAbout = { ...linux, platform: "darwin" };

const setup: SetupRecord = {
  setupId: "s",
  hash: "0".repeat(64),
  role: "operator",
  scopes: ["operator.read"],
  issuedAt: 1,
  expiresAt: 2,
};

function grant(role: "operator" | "node", scopes: GrantRecord["scopes"]): GrantRecord {
  return issueGrant(key, { deviceId: deviceId("a"), role, scopes, counter: 0, now: 1 });
}

function paired(grants: GrantRecord[], about: DeviceAbout = linux): DeviceRecord {
  const { deviceId: id, publicKey } = arrivalOf("a");
  return { deviceId: id, publicKey, about, grants, approvedVia: "owner", pairedAt: 1, approvedAt: 1 };
}

const asks = (reason: string) => ({ does: "ask", reason });
const refuses = (because: string) => ({ does: "refuse", because });
const silently = { does: "approve", via: "silent" };
const enters = { does: "enter" };

test.each<[string, Partial<Arrival>, Partial<Known>, object]>([
  // the shared secret, or nothing where nothing is asked for
  ["unknown, on this machine", { proof: local }, {}, silently],
  ["unknown, elsewhere", { proof: remote }, {}, asks("not-paired")],
  [
    "unknown, on this machine, where silence was switched off",
    { proof: local },
    { autoApproveLocal: false },
    asks("not-paired"),
  ],
  ["unknown, without a secret, on this machine", { proof: localNothing }, {}, silently],
  ["unknown, without a secret, elsewhere", { proof: remoteNothing }, {}, asks("not-paired")],
  ["paired", { proof: remote }, { device: paired([operator]) }, enters],
  ["paired, without a secret, elsewhere", { proof: remoteNothing }, { device: paired([operator]) }, enters],
  ["paired, asking for nothing", { proof: remote, scopes: [] }, { device: paired([operator]) }, enters],
  [
    "another role, on this machine",
    { proof: local, role: "node", scopes: [] },
    { device: paired([operator]) },
    silently,
  ],
  [
    "another role, elsewhere",
    { proof: remote, role: "node", scopes: [] },
    { device: paired([operator]) },
    asks("role-upgrade"),
  ],
  [
    "a scope more, on this machine",
    { proof: local, scopes: ["operator.admin"] },
    { device: paired([operator]) },
    silently,
  ],
  [
    "a scope more, elsewhere",
    { proof: remote, scopes: ["operator.admin"] },
    { device: paired([operator]) },
    asks("scope-upgrade"),
  ],
  [
    "another platform, elsewhere",
    { proof: remote, about: darwin },
    { device: paired([operator]) },
    asks("metadata-upgrade"),
  ],
  ["another platform, on this machine", { proof: local, about: darwin }, { device: paired([operator]) }, silently],
  // what an owner took away
  ["revoked, on this machine", { proof: local }, { device: paired([revoked]) }, asks("not-paired")],
  [
    "revoked in this role, on this machine",
    { proof: local },
    { device: paired([revoked, node]) },
    asks("role-upgrade"),
  ],
  [
    "revoked in another role, on this machine",
    { proof: local, role: "node", scopes: [] },
    { device: paired([revoked]) },
    silently,
  ],
  ["of a damaged record, on this machine", { proof: local }, { isDamaged: true }, asks("not-paired")],
  // a device token
  ["its token", { proof: token }, { device: paired([operator]) }, enters],
  [
    "its token, for more",
    { proof: token, scopes: ["operator.pairing"] },
    { device: paired([operator]) },
    refuses("scopeTooWide"),
  ],
  [
    "its token, on another platform",
    { proof: token, about: darwin },
    { device: paired([operator]) },
    asks("metadata-upgrade"),
  ],
  [
    "its token, on a platform that looks the same",
    { proof: token, about: cyrillic },
    { device: paired([operator], darwin) },
    asks("metadata-upgrade"),
  ],
  [
    "its token, without the family it had",
    { proof: token, about: { clientId: "c", clientMode: "ui", platform: "linux" } },
    { device: paired([operator]) },
    asks("metadata-upgrade"),
  ],
  [
    "its token, with another name and version",
    { proof: token, about: { ...linux, displayName: "n", version: "2" } },
    { device: paired([operator]) },
    enters,
  ],
  ["its token, revoked", { proof: token }, { device: paired([revoked]) }, refuses("wrongToken")],
  [
    "its token, after a rotation",
    { proof: token },
    { device: paired([grant("operator", ["operator.write"])]) },
    refuses("wrongToken"),
  ],
  [
    "its token, for another role",
    { proof: token, role: "node", scopes: [] },
    { device: paired([operator, node]) },
    refuses("wrongToken"),
  ],
  ["its token, unknown", { proof: token }, {}, refuses("wrongToken")],
  [
    "no token at all",
    { proof: { by: "deviceToken", token: "" } },
    { device: paired([operator]) },
    refuses("wrongToken"),
  ],
  [
    "a hash for a token",
    { proof: { by: "deviceToken", token: operator.tokenHash } },
    { device: paired([operator]) },
    refuses("wrongToken"),
  ],
  // a setup code
  ["a code that is not good", { proof: code }, {}, refuses("wrongSetupCode")],
  ["a code", { proof: code }, { setup }, { does: "approve", via: "setup-code", scopes: ["operator.read"] }],
  [
    "a code, for less",
    { proof: code, scopes: [] },
    { setup },
    { does: "approve", via: "setup-code", scopes: ["operator.read"] },
  ],
  ["a code, for more", { proof: code, scopes: ["operator.write"] }, { setup }, refuses("scopeTooWide")],
  ["a code of another role", { proof: code, role: "node", scopes: [] }, { setup }, refuses("wrongSetupCode")],
  ["a code, revoked", { proof: code }, { setup, device: paired([revoked]) }, asks("not-paired")],
  [
    "a code, on another platform",
    { proof: code, about: darwin },
    { setup, device: paired([operator]) },
    asks("metadata-upgrade"),
  ],
  ["a code, of a damaged record", { proof: code }, { setup, isDamaged: true }, asks("not-paired")],
])("a device that comes with … %s", (_who, arrival, known, verdict) => {
  expect(judge(arrivalOf("a", arrival), { isDamaged: false, autoApproveLocal: true, ...known })).toMatchObject(verdict);
});
