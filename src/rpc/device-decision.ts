import type { Approver, Decision } from "#devices";
import { fault } from "#protocol";
import type { Caller } from "./caller.ts";

/** Nobody hands out more than they hold. */
export function approverOf({ scopes, deviceId }: Caller): Approver {
  return { scopes, ...(deviceId !== undefined && { deviceId }) };
}

/** What was decided; throws `beyondCaller`, `pairingNotFound` or `deviceNotFound`. */
export function decided<Value>(
  decision: Decision<Value>,
  about: { readonly request: string } | { readonly device: string },
): Value {
  if (decision.done) return decision.value;
  switch (decision.because) {
    case "beyondApprover":
      throw fault.beyondCaller({});
    case "unknown":
      throw "request" in about ? fault.pairingNotFound(about) : fault.deviceNotFound(about);
  }
}
