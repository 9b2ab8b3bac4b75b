import type { Caller } from "./caller.ts";
import type { ConnectionInfo, Socket } from "./connection.ts";
import type { AnyMethod } from "./method.ts";

/** An open socket, from our side. */
export interface Line {
  /** One frame that came in. Never throws, never waits: answers go out when they are ready. */
  receive(frame: string | Uint8Array): void;
  /** The socket can take more again. */
  drained(): void;
  /** The socket is gone; what it asked for is cancelled, what it started goes on. */
  closed(): void;
}

/** Which methods exist and who may call them. */
export interface Rpc extends AsyncDisposable {
  readonly methods: readonly AnyMethod[];

  /** Checks a credential. Without any, a caller that may use public methods (all of them in mode `none`). Throws `unauthorized` or `lockedOut`. */
  authenticate(credential: { readonly token?: string }, address: string): Caller;

  /** One call: scope, params, handler. Throws a `Fault`; anything else that goes wrong is logged and thrown as `internal`. */
  call(
    name: string,
    params: unknown,
    from: { readonly caller: Caller; readonly signal: AbortSignal },
  ): Promise<unknown>;

  /** A JSON-RPC 2.0 text, single or batch, to its answer; undefined when nothing but notifications were in it. Never throws. */
  answer(text: string, from: { readonly caller: Caller; readonly signal: AbortSignal }): Promise<string | undefined>;

  /** A new socket; `credential` is what came with the upgrade. Throws as `authenticate` does. */
  open(
    socket: Socket,
    peer: { readonly address: string; readonly userAgent?: string; readonly credential: { readonly token?: string } },
  ): Line;

  connections(): readonly ConnectionInfo[];
}
