import type { Caller } from "../../src/rpc/caller.ts";
import type { NodeClaims, NodeLine } from "../../src/rpc/nodes/live-node.ts";

export interface NodeFrame {
  readonly event: string;
  readonly payload: Record<string, unknown>;
  readonly seq?: number;
}

/** A node's end of a connection that has said hello: it keeps what it is told. */
export class FakeNodeLine implements NodeLine {
  readonly caller: Caller;
  readonly texts: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #gone = new AbortController();

  constructor(deviceId: string) {
    const id = crypto.randomUUID();
    this.caller = { id, address: "10.0.0.7", isAuthenticated: true, role: "node", deviceId, scopes: new Set() };
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  say(text: string): void {
    this.texts.push(text);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
    this.#gone.abort();
  }

  heard(event: string): NodeFrame["payload"][] {
    return this.texts
      .map((text) => JSON.parse(text) as NodeFrame)
      .filter((frame) => frame.event === event)
      .map(({ payload }) => payload);
  }
}

export function claims(commands: readonly string[], platform = "linux"): NodeClaims {
  return {
    about: { clientId: "node-host", clientMode: "node", platform, displayName: "laptop", version: "1" },
    surface: { caps: ["system"], commands },
  };
}
