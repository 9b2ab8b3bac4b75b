import type { Entrance, PairingRequest } from "#devices";
import { mustHaveDevice, type Refused } from "./admission.ts";
import { closeCode } from "../connection.ts";

type ApprovalNeeded = Extract<Entrance, { because: "approvalNeeded" }>;

const messages: Readonly<Record<PairingRequest["reason"], string>> = {
  "not-paired": "device is not approved yet",
  "role-upgrade": "device is asking for a role that is not approved yet",
  "scope-upgrade": "device is asking for more scopes than are approved",
  "metadata-upgrade": "device has changed and must be approved again",
};

/** The device waits for somebody's yes. Apps with a person before them may go on asking; others are told to stop. */
export function pairingRequired({ request, approved }: ApprovalNeeded, hasSetupCode: boolean): Refused {
  const { requestId, deviceId, reason, role, scopes, about } = request;
  const message = `pairing required: ${messages[reason]}`;
  const maySoonAskAgain = role === "operator" && (hasSetupCode || mustHaveDevice.includes(about.clientId));
  const details = {
    code: "PAIRING_REQUIRED",
    reason,
    requestId,
    remediationHint: `Approve it on the gateway: openclaw devices approve ${requestId}`,
    ...(maySoonAskAgain && { recommendedNextStep: "wait_then_retry", retryable: true, pauseReconnect: false }),
    deviceId,
    requestedRole: role,
    requestedScopes: scopes,
    ...(approved && { approvedRoles: approved.roles, approvedScopes: approved.scopes }),
  };
  return {
    admitted: false,
    because: { code: "NOT_PAIRED", message, details },
    closeWith: closeCode.policy,
    reason: `${message} (requestId: ${requestId})`,
  };
}
