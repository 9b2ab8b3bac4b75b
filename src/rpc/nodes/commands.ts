import type { Scope } from "#protocol";
import { isRecord } from "../openclaw/frame.ts";

/** Commands that reach further than what an operator who may write can do here. */
const adminOnly = /^(browser\.proxy|fs\.listDir$|system\.execApprovals\.|terminal\.upload$)/;

export function scopeOf(command: string): Scope {
  return adminOnly.test(command) ? "operator.admin" : "operator.write";
}

/**
 * The params as the node may have them. A node asks its own person before it runs what is new to it; that a person has said
 * yes is not for the caller to claim.
 */
export function forwardedParams(command: string, params: unknown): unknown {
  if (!command.startsWith("system.run") || !isRecord(params)) return params;
  const claimed = Object.entries(params).filter(([name]) => !/^approv/i.test(name));
  return { ...Object.fromEntries(claimed), ...(command === "system.run" && { runId: crypto.randomUUID() }) };
}
