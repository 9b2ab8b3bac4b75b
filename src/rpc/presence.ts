import { type Static, Type } from "@sinclair/typebox";
import { Scope } from "#protocol";
import type { ConnectionInfo } from "./connection.ts";

const mostEntries = 100;

/** Somebody who is connected, as others see it. */
export const PresenceEntry = Type.Object({
  ts: Type.Integer({ description: "Since when, in milliseconds since 1970." }),
  text: Type.String({ description: "What it calls itself." }),
  mode: Type.String({ description: "What it speaks." }),
  ip: Type.Optional(Type.String()),
  reason: Type.Literal("connect"),
  scopes: Type.Array(Scope),
});
export type PresenceEntry = Static<typeof PresenceEntry>;

/** There is never room for more strangers than this, so that behind them are enough of the others. */
const looksAt = 2 * mostEntries;

/** Those who have authenticated, the newest last; of many, the newest. */
export function presenceOf(connections: (newest: number) => readonly ConnectionInfo[]): PresenceEntry[] {
  return connections(looksAt)
    .filter((connection) => connection.isAuthenticated)
    .slice(-mostEntries)
    .map(({ address, client, connectedAt, dialect, scopes }) => ({
      ts: connectedAt,
      text: client ?? "client",
      mode: dialect,
      ...(address !== "" && { ip: address }),
      reason: "connect" as const,
      scopes,
    }));
}
