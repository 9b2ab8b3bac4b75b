import { parseJson } from "#base";
import { findExcess } from "../json-guard.ts";
import type { Frame } from "../outgoing.ts";
import type { OpenClawEvent } from "./events.ts";

export interface Request {
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
}

/** What cannot be called; it is answered under its id, where one could be found. */
export interface Misfit {
  readonly id: string | number;
  readonly problem: string;
}

export interface ErrorShape {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

export type ErrorCode = "INVALID_REQUEST" | "FORBIDDEN" | "UNAVAILABLE" | "NOT_PAIRED";

/** Reads a frame of the client: `{type:"req", id, method, params?}`. */
export function readRequest(text: string, limits: Parameters<typeof findExcess>[1]): Request | Misfit {
  const excess = findExcess(text, limits);
  if (excess !== undefined) return { id: unknownId, problem: excess };
  const frame = parseJson(text);
  if (!isRecord(frame)) return { id: unknownId, problem: "a frame is a JSON object" };
  const { type, id, method, params } = frame;
  const named = typeof id === "string" && id !== "";
  const known = named || typeof id === "number" ? id : unknownId;
  if (type !== "req") return { id: known, problem: 'type is "req"' };
  if (!named) return { id: known, problem: "id is a string" };
  if (typeof method !== "string" || method === "") return { id: known, problem: "method is a string" };
  return { id, method, params };
}

export function resultText(id: string, payload: unknown): string {
  return `{"type":"res","id":${JSON.stringify(id)},"ok":true,"payload":${JSON.stringify(payload) ?? "null"}}`;
}

export function errorText(id: string | number, error: ErrorShape): string {
  return JSON.stringify({ type: "res", id, ok: false, error });
}

export function eventFrame({ name, payload, stateVersion }: OpenClawEvent): Frame {
  return {
    head: `{"type":"event","event":"${name}","payload":${JSON.stringify(payload)},"seq":`,
    tail: stateVersion ? `,"stateVersion":${JSON.stringify(stateVersion)}}` : "}",
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the original puts where a frame has no id that could be answered. */
const unknownId = "invalid";
