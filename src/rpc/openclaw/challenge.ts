import type { Challenge } from "../dialect.ts";
import { findExcess } from "../json-guard.ts";
import { isRecord } from "./frame.ts";

/** The first frame on every socket, before it is known what the client speaks. Clients of JSON-RPC see no call in it. */
export function challengeText({ nonce, ts }: Challenge): string {
  return `{"type":"event","event":"connect.challenge","payload":{"nonce":"${nonce}","ts":${ts}}}`;
}

/** Frames of this dialect have a `type`, those of JSON-RPC a `jsonrpc`. */
export function looksLikeOpenClaw(first: string, limits: Parameters<typeof findExcess>[1]): boolean {
  if (!first.includes('"type"') || findExcess(first, limits) !== undefined) return false;
  try {
    const frame: unknown = JSON.parse(first);
    return isRecord(frame) && typeof frame["type"] === "string" && !("jsonrpc" in frame);
  } catch (error) {
    if (error instanceof SyntaxError) return false; // JSON-RPC has an answer for that
    throw error;
  }
}

/** How its clients are told that the gateway stops and comes back. */
export const farewell = "service restart";
