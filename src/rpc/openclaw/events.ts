import type { RequiredScope } from "#protocol";
import type { Tellable } from "../outgoing.ts";

/** What this dialect tells, in alphabetical order, with the scope that it needs. `public` is for whoever has connected. */
export const events = {
  agent: "operator.read",
  chat: "operator.read",
  "connect.challenge": "public",
  "device.pair.changed": "operator.pairing",
  "device.pair.requested": "operator.pairing",
  "device.pair.resolved": "operator.pairing",
  health: "operator.read",
  "node.hostStats": "operator.read",
  "node.invoke.cancel": "public",
  "node.invoke.request": "public",
  "node.pair.requested": "operator.pairing",
  "node.pair.resolved": "operator.pairing",
  "node.presence": "operator.read",
  presence: "operator.read",
  "session.message": "operator.read",
  "session.tool": "operator.read",
  "sessions.changed": "operator.read",
  shutdown: "public",
  tick: "public",
} as const satisfies Record<string, RequiredScope>;

export type EventName = keyof typeof events;

/** Goes up with each change of what it counts. */
export interface StateVersion {
  readonly presence: number;
  readonly health: number;
}

/** An event as its clients see it. */
export interface OpenClawEvent extends Tellable {
  readonly name: EventName;
  readonly payload: object;
  readonly stateVersion?: StateVersion;
}
