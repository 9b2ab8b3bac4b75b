import { Type } from "@sinclair/typebox";
import { type Scope } from "#protocol";
import { approverOf, decided } from "../device-decision.ts";
import { Access, TimeMs } from "../device-rows.ts";
import { closed, defineMethod } from "../method.ts";

const scopesOf: Readonly<Record<Access, readonly Scope[]>> = {
  full: ["operator.admin", "operator.approvals", "operator.pairing", "operator.read", "operator.write"],
  limited: ["operator.approvals", "operator.read", "operator.write"],
  node: [],
};

export const devicePairSetupCode = defineMethod({
  name: "device.pair.setupCode",
  summary: "Makes a code that pairs one device, once, within ten minutes. It is shown here and never again.",
  scope: "operator.admin",
  effect: "once",
  answersSecret: true,
  route: { verb: "POST", path: "/devices/setup-codes" },
  params: Type.Object({ access: Type.Optional(Access) }, closed),
  result: Type.Object({ setupId: Type.String(), setupCode: Type.String(), access: Access, expiresAtMs: TimeMs }),
  handle: async ({ access = "limited" }, { services, caller }) => {
    const devices = await services.devices();
    const role = access === "node" ? "node" : "operator";
    const made = await devices.makeSetupCode({ role, scopes: scopesOf[access] }, approverOf(caller));
    const { setupId, code, expiresAt } = decided(made, { device: "" });
    return { setupId, setupCode: code.reveal(), access, expiresAtMs: expiresAt };
  },
});
