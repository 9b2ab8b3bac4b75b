import type { DeviceRole } from "#devices";
import type { Scope } from "#protocol";

/** Who asks, and what they were granted. Nothing that a client says of itself is in here. */
export interface Caller {
  /** The connection's id, or `http` for a single call. */
  readonly id: string;
  /** The address of the peer, as the socket has it. */
  readonly address: string;
  /** The socket's other end is this machine, and speaks for nobody else. */
  readonly isLocal?: true;
  readonly isAuthenticated: boolean;
  /** A node offers what it has and calls the methods of nodes; scopes are for operators alone. */
  readonly role: DeviceRole;
  /** The device that has signed this connection. */
  readonly deviceId?: string;
  readonly scopes: ReadonlySet<Scope>;
}
