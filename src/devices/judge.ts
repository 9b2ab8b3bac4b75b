import type { Scope } from "#protocol";
import { covers } from "./authority.ts";
import type { DeviceRecord } from "./device-record.ts";
import type { Arrival, Entrance, PairingRequest } from "./devices.ts";
import { opens } from "./grant-token.ts";
import { activeGrants, grantOf, isSameMachine } from "./paired.ts";
import type { SetupRecord } from "./setup-record.ts";

/** What is known of who arrives. */
export interface Known {
  readonly device?: DeviceRecord | undefined;
  /** There is a record of the device, and nobody can read it. */
  readonly isDamaged: boolean;
  /** The setup code that it brought, when that is good. */
  readonly setup?: SetupRecord | undefined;
  readonly autoApproveLocal: boolean;
}

type Refusal = Exclude<Extract<Entrance, { entered: false }>["because"], "approvalNeeded" | "tooManyRequests">;

export type Verdict =
  | { readonly does: "enter" }
  /** Approve it in the owner's name, and let it in. */
  | {
      readonly does: "approve";
      readonly via: "silent" | "setup-code";
      readonly scopes: readonly Scope[];
      /** The code that this uses up. */
      readonly setup?: SetupRecord;
    }
  | { readonly does: "ask"; readonly reason: PairingRequest["reason"] }
  | { readonly does: "refuse"; readonly because: Refusal };

/** What becomes of an arrival. Decides only; nothing is changed. */
export function judge(arrival: Arrival, known: Known): Verdict {
  const { proof } = arrival;
  switch (proof.by) {
    case "deviceToken":
      return judgeToken(arrival, proof.token, known);
    case "setupCode":
      return judgeSetup(arrival, known);
    case "sharedSecret":
    case "nothing":
      return judgeOwner(arrival, proof.isLocal, known);
  }
}

function judgeToken(arrival: Arrival, token: string, { device }: Known): Verdict {
  const grant = grantOf(device, arrival.role);
  if (!device || !grant || !opens(grant, token)) return { does: "refuse", because: "wrongToken" };
  if (!covers(new Set(grant.scopes), arrival.scopes)) return { does: "refuse", because: "scopeTooWide" };
  return isSameMachine(device.about, arrival.about) ? { does: "enter" } : { does: "ask", reason: "metadata-upgrade" };
}

/** A code gives what it was made for. It neither undoes a revocation nor vouches for a machine that has changed. */
function judgeSetup(arrival: Arrival, known: Known): Verdict {
  const { device, setup } = known;
  if (!setup || setup.role !== arrival.role) return { does: "refuse", because: "wrongSetupCode" };
  if (!covers(new Set(setup.scopes), arrival.scopes)) return { does: "refuse", because: "scopeTooWide" };
  const reason = shortOf(arrival, device);
  const isOther = device !== undefined && !isSameMachine(device.about, arrival.about);
  if (isHeldBack(arrival, known) || isOther) return { does: "ask", reason: reason ?? "metadata-upgrade" };
  return { does: "approve", via: "setup-code", scopes: setup.scopes, setup };
}

function judgeOwner(arrival: Arrival, isLocal: boolean, known: Known): Verdict {
  const reason = shortOf(arrival, known.device);
  if (!reason) return { does: "enter" };
  const isSilent = isLocal && known.autoApproveLocal && !isHeldBack(arrival, known);
  return isSilent ? { does: "approve", via: "silent", scopes: arrival.scopes } : { does: "ask", reason };
}

/** What an owner took away, or what nobody can read, comes back by an operator's yes alone. */
function isHeldBack({ role }: Arrival, { device, isDamaged }: Known): boolean {
  return isDamaged || grantOf(device, role)?.revokedAt !== undefined;
}

/** What is missing in what was approved. */
function shortOf(arrival: Arrival, device: DeviceRecord | undefined): PairingRequest["reason"] | undefined {
  const grants = activeGrants(device);
  if (!device || grants.length === 0) return "not-paired";
  const grant = grants.find(({ role }) => role === arrival.role);
  if (!grant) return "role-upgrade";
  if (!covers(new Set(grant.scopes), arrival.scopes)) return "scope-upgrade";
  return isSameMachine(device.about, arrival.about) ? undefined : "metadata-upgrade";
}
