import type { Fault } from "#protocol";
import type { ErrorShape } from "./frame.ts";

/** Why a secret did not open, in the words by which clients decide whether to try again: some of them mean “give up”. */
export function credentialError(problem: Fault, hadSecret: boolean): ErrorShape {
  if (problem.code === "lockedOut") {
    return {
      code: "INVALID_REQUEST",
      message: "unauthorized: too many failed authentication attempts (retry later)",
      details: { code: "AUTH_RATE_LIMITED", authReason: "rate_limited", recommendedNextStep: "wait_then_retry" },
      retryable: true,
      retryAfterMs: Number(problem.data["retryAfterMs"]),
    };
  }
  if (!hadSecret) {
    return {
      code: "INVALID_REQUEST",
      message: "unauthorized: gateway token missing",
      details: {
        code: "AUTH_TOKEN_MISSING",
        authReason: "token_missing",
        canRetryWithDeviceToken: false,
        recommendedNextStep: "update_auth_configuration",
      },
    };
  }
  return {
    code: "INVALID_REQUEST",
    message: "unauthorized: gateway token mismatch",
    details: {
      code: "AUTH_TOKEN_MISMATCH",
      authReason: "token_mismatch",
      canRetryWithDeviceToken: false,
      recommendedNextStep: "update_auth_credentials",
    },
  };
}
