import { parseJson } from "#base";
import { Check, Clean } from "@sinclair/typebox/value";
import { findExcess } from "../json-guard.ts";
import { HostStats } from "../node-row.ts";
import type { LiveNode } from "./live-node.ts";

/** What became of an event that a node sent. */
export interface EventReceipt {
  readonly ok: boolean;
  readonly event: string;
  readonly handled: boolean;
  readonly reason: string;
}

const limits = { jsonDepth: 32, jsonElements: 5_000 };

/**
 * What a node may tell by an event is how it is doing, and nothing else. Whatever it says of commands that have ended starts
 * nothing here: a node's words are no orders.
 */
export function takeNodeEvent(
  node: LiveNode,
  { event, payload, now }: { readonly event: string; readonly payload: unknown; readonly now: number },
): EventReceipt {
  if (event !== "node.host.stats") return { ok: true, event, handled: false, reason: "ignored" };
  const stats: unknown = Clean(HostStats, payload);
  if (!Check(HostStats, stats)) return { ok: false, event, handled: false, reason: "invalid payload" };
  node.hostStats = { ...stats, updatedAtMs: now };
  return { ok: true, event, handled: true, reason: "updated" };
}

/** What stands in a text of JSON; undefined when it is none, or too much to be looked at. */
export function readJson(text: string | undefined, most: Parameters<typeof findExcess>[1] = limits): unknown {
  if (text === undefined || findExcess(text, most) !== undefined) return undefined;
  return parseJson(text);
}
