import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { AnyMethod } from "../../method.ts";
import { devicePairApprove } from "../../methods/device.pair.approve.ts";
import { devicePairList } from "../../methods/device.pair.list.ts";
import { devicePairReject } from "../../methods/device.pair.reject.ts";
import { devicePairRemove } from "../../methods/device.pair.remove.ts";
import { devicePairRename } from "../../methods/device.pair.rename.ts";
import { deviceTokenRevoke } from "../../methods/device.token.revoke.ts";
import { deviceTokenRotate } from "../../methods/device.token.rotate.ts";
import { devicePairSetupCode } from "../../methods/device.pair.setupCode.ts";
import type { Services } from "../../services.ts";
import { adapt, open } from "./adapter.ts";

/** The profiles that its clients may ask for by name. */
const profiles = Type.Union([Type.Literal("limited"), Type.Literal("node")]);

export const devices: readonly AnyMethod[] = [
  devicePairApprove,
  devicePairList,
  devicePairReject,
  devicePairRemove,
  devicePairRename,
  adapt(devicePairSetupCode, {
    params: Type.Object({ publicUrl: Type.Optional(Type.String()), bootstrapProfile: Type.Optional(profiles) }, open),
    ask: ({ bootstrapProfile }, { services }) => {
      if (asksForSecret(services)) return { access: bootstrapProfile ?? ("full" as const) };
      throw fault.invalidRequest({ problem: "setup codes are for gateways that ask for a token or a password" });
    },
    answer: (made, { theirs: { publicUrl }, context: { services } }) => {
      const { url, auth } = services.entrance();
      const gatewayUrl = publicUrl ?? url;
      // What its clients call the code says where to go, too.
      const whole = { url: gatewayUrl, bootstrapToken: made.setupCode };
      return {
        ...made,
        setupCode: Buffer.from(JSON.stringify(whole)).toString("base64url"),
        gatewayUrl,
        auth,
        urlSource: publicUrl === undefined ? "gateway.bind" : "publicUrl",
      };
    },
  }),
  deviceTokenRevoke,
  deviceTokenRotate,
];

/** Its schema knows no other way in. */
function asksForSecret(services: Services): boolean {
  return ["token", "password"].includes(services.entrance().auth);
}
