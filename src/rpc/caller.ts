import type { Scope } from "#protocol";

/** Who asks, and what they were granted. Nothing that a client says of itself is in here. */
export interface Caller {
  /** The connection's id, or `http` for a single call. */
  readonly id: string;
  /** The address of the peer, as the socket has it. */
  readonly address: string;
  readonly isAuthenticated: boolean;
  /** The device that has signed this connection. */
  readonly deviceId?: string;
  readonly scopes: ReadonlySet<Scope>;
}
