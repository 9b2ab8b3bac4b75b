import { type Fault, permits } from "#protocol";
import type { Caller } from "../caller.ts";
import type { ErrorShape } from "./frame.ts";
import { nodeError } from "./node-error.ts";

/** A fault as an error of this dialect: few codes that clients act on, the rest in the details. */
export function errorOf(problem: Fault, method: string, caller: Caller): ErrorShape {
  if (problem.code === "missingScope") return missingScope(String(problem.data["scope"]));
  if (problem.code === "wrongRole") {
    return { code: "INVALID_REQUEST", message: `unauthorized role: ${problem.data["role"]}` };
  }
  if (problem.code === "methodNotFound") {
    // Who may not call everything is not told what there is.
    if (!permits(caller.scopes, "operator.admin")) return missingScope("operator.admin");
    return { code: "INVALID_REQUEST", message: `unknown method: ${problem.data["method"]}` };
  }
  if (problem.code === "invalidParams") {
    const path = String(problem.data["path"]).replaceAll(".", "/");
    const place = path === "params" ? "root" : `/${path}`;
    return { code: "INVALID_REQUEST", message: `invalid ${method} params: at ${place}: ${problem.data["problem"]}` };
  }
  const ofNode = nodeError(problem);
  if (ofNode) return ofNode;
  const { retryAfterMs, ...data } = problem.data;
  return {
    code:
      problem.status === 403
        ? "FORBIDDEN"
        : problem.isRetryable || problem.status >= 500
          ? "UNAVAILABLE"
          : "INVALID_REQUEST",
    message: problem.message,
    details: { code: constantCase(problem.code), ...data },
    retryable: problem.isRetryable,
    ...(typeof retryAfterMs === "number" && { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
}

function missingScope(scope: string): ErrorShape {
  return {
    code: "FORBIDDEN",
    message: `missing scope: ${scope}`,
    details: { code: "MISSING_SCOPE", missingScope: scope, requiredScopes: [scope] },
  };
}

function constantCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
