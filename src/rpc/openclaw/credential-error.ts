import type { Fault } from "#protocol";
import type { AuthMode } from "../authenticator.ts";
import type { ErrorShape } from "./frame.ts";

/** What did not open. */
export type CredentialProblem =
  | "missing"
  | "wrongSecret"
  | "wrongDeviceToken"
  | "wrongSetupCode"
  | "scopeTooWide"
  | "identityMissing";

/** Why a credential did not open, in the words by which clients decide whether to try again: some of them mean “give up”. */
export function credentialError(
  problem: CredentialProblem,
  { mode, mayTryDeviceToken }: { readonly mode: AuthMode; readonly mayTryDeviceToken: boolean },
): ErrorShape {
  const secret = mode === "password" ? "password" : "token";
  const SECRET = secret.toUpperCase();
  switch (problem) {
    case "missing":
      return unauthorized(`gateway ${secret} missing`, {
        code: `AUTH_${SECRET}_MISSING`,
        authReason: `${secret}_missing`,
        recommendedNextStep: "update_auth_configuration",
      });
    case "wrongSecret":
      return unauthorized(`gateway ${secret} mismatch`, {
        code: `AUTH_${SECRET}_MISMATCH`,
        authReason: `${secret}_mismatch`,
        canRetryWithDeviceToken: mayTryDeviceToken,
        recommendedNextStep: mayTryDeviceToken ? "retry_with_device_token" : "update_auth_credentials",
      });
    case "wrongDeviceToken":
      return unauthorized("device token mismatch (rotate/reissue device token)", {
        code: "AUTH_DEVICE_TOKEN_MISMATCH",
        authReason: "device_token_mismatch",
        recommendedNextStep: "update_auth_credentials",
      });
    case "wrongSetupCode":
      return unauthorized("setup code is wrong, used or expired (ask for a new one)", {
        code: "AUTH_BOOTSTRAP_TOKEN_INVALID",
        authReason: "bootstrap_token_invalid",
        recommendedNextStep: "update_auth_credentials",
      });
    case "scopeTooWide":
      return unauthorized("device token does not cover the requested scopes", {
        code: "AUTH_SCOPE_MISMATCH",
        authReason: "scope_mismatch",
        recommendedNextStep: "review_auth_configuration",
      });
    case "identityMissing":
      return unauthorized("the proxy did not say who this is", {
        code: "AUTH_IDENTITY_HEADER_REQUIRED",
        authReason: "identity_header_required",
        recommendedNextStep: "review_auth_configuration",
      });
  }
}

export function lockedOutError(problem: Fault): ErrorShape {
  return {
    code: "INVALID_REQUEST",
    message: "unauthorized: too many failed authentication attempts (retry later)",
    details: { code: "AUTH_RATE_LIMITED", authReason: "rate_limited", recommendedNextStep: "wait_then_retry" },
    retryable: true,
    retryAfterMs: Number(problem.data["retryAfterMs"]),
  };
}

interface AuthDetails {
  readonly code: string;
  readonly authReason: string;
  readonly canRetryWithDeviceToken?: boolean;
  readonly recommendedNextStep: string;
}

function unauthorized(message: string, details: AuthDetails): ErrorShape {
  return {
    code: "INVALID_REQUEST",
    message: `unauthorized: ${message}`,
    details: { canRetryWithDeviceToken: false, ...details },
  };
}
