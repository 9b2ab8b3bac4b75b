import type { Scope } from "#protocol";

/** The other side's line, as the server gives it to us. */
export interface Socket {
  /** How many bytes went out; -1 when they wait in memory; 0 when they were dropped. */
  send(text: string): number;
  bufferedBytes(): number;
  close(code: number, reason: string): void;
}

/** A connection as `connections.list` shows it. */
export interface ConnectionInfo {
  readonly id: string;
  readonly address: string;
  readonly dialect: "jsonrpc";
  readonly isAuthenticated: boolean;
  readonly scopes: readonly Scope[];
  readonly connectedAt: number;
  readonly client?: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly skippedEvents: number;
}
