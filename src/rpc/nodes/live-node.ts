import type { DeviceAbout, Surface } from "#devices";
import type { ToldStats } from "../node-row.ts";
import type { Speaker } from "../dialect.ts";

/** A node's connection, as much of it as is used here. */
export type NodeLine = Pick<Speaker, "caller" | "signal" | "say" | "close">;

/** What a node says when it connects: claims, all of it. */
export interface NodeClaims {
  readonly about: DeviceAbout;
  readonly surface: Surface;
}

/** A node that is connected. */
export class LiveNode {
  readonly nodeId: string;
  readonly line: NodeLine;
  readonly claims: NodeClaims;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** False when what it offers could not be put on record: then nothing of it may be used. */
  readonly isOnRecord: Promise<boolean>;
  hostStats: ToldStats | undefined;
  skills: readonly string[] = [];
  pluginTools: readonly string[] = [];

  constructor(nodeId: string, line: NodeLine, rest: Pick<LiveNode, "claims" | "connectedAt" | "isOnRecord">) {
    this.nodeId = nodeId;
    this.line = line;
    this.claims = rest.claims;
    this.connectedAt = rest.connectedAt;
    this.isOnRecord = rest.isOnRecord;
  }

  /** What is said to one node has no number: it counts what everyone is told. */
  tell(event: string, payload: object): void {
    this.line.say(JSON.stringify({ type: "event", event, payload }));
  }
}
