/** What RPC takes and holds at most. Each limit has an answer when it is met; none is met in silence. */
export interface RpcLimits {
  readonly frameBytesBeforeAuth: number;
  readonly frameBytes: number;
  /** How deep JSON may nest, and how many keys and elements one text may hold. */
  readonly jsonDepth: number;
  readonly jsonElements: number;
  readonly batchEntries: number;
  /** Entries of one batch that run at once. */
  readonly batchWorkers: number;
  /** An answer, or all the answers to one batch. Must stay below what the socket buffers before it drops. */
  readonly answerBytes: number;
  /** Calls of one connection that run at once. */
  readonly callsInFlight: number;

  readonly connections: number;
  /**
   * Sockets that have not authenticated: in all, of one address, of this machine. Each of them can make the runtime hold
   * one frame that it never completes.
   */
  readonly strangers: number;
  readonly strangersPerAddress: number;
  readonly strangersOnLoopback: number;
  /** Frames of one such socket that wait while the one before them is answered. */
  readonly strangerBacklog: number;
  /**
   * A socket that is silent for so long is closed, as the original does. On this machine it may be a person who types JSON
   * into a terminal, who gets a minute: programs answer the challenge in milliseconds, and who comes through a proxy on
   * this machine counts by his own address. Nobody is kept out by it, because the most silent gives way to a newcomer.
   */
  readonly strangerIdleMs: number;
  readonly strangerIdleOnLoopbackMs: number;
  /** One that is silent for so long gives way to a newcomer when there is no more room. */
  readonly strangerSpareMs: number;
  readonly strangerSweepMs: number;

  /** How long frames are taken up as they come before everything else gets its turn. */
  readonly turnMs: number;
  /** Of one connection, what waits for the next turns. Who sends more is closed. */
  readonly inboxBytesBeforeAuth: number;
  readonly inboxBytes: number;

  /** Above the first, droppable events are skipped; above the second the connection is closed. */
  readonly bufferedSoftBytes: number;
  readonly bufferedHardBytes: number;
  /** Connections that are told of an event before anything else gets its turn. */
  readonly fanOutChunk: number;
  readonly fanOutQueue: number;
  readonly tickMs: number;
  /** Presence changes within this time are told as one. */
  readonly presenceMs: number;
}

export const defaultLimits: RpcLimits = {
  frameBytesBeforeAuth: 64 * 1024,
  frameBytes: 1024 * 1024,
  jsonDepth: 64,
  jsonElements: 50_000,
  batchEntries: 1_000,
  batchWorkers: 16,
  answerBytes: 8 * 1024 * 1024,
  callsInFlight: 64,
  connections: 16_384,
  strangers: 64,
  strangersPerAddress: 16,
  strangersOnLoopback: 48,
  strangerBacklog: 16,
  strangerIdleMs: 15_000,
  strangerIdleOnLoopbackMs: 60_000,
  strangerSpareMs: 500,
  strangerSweepMs: 1_000,
  turnMs: 5,
  inboxBytesBeforeAuth: 256 * 1024,
  inboxBytes: 8 * 1024 * 1024,
  bufferedSoftBytes: 256 * 1024,
  bufferedHardBytes: 1024 * 1024,
  fanOutChunk: 2_000,
  fanOutQueue: 256,
  tickMs: 30_000,
  presenceMs: 1_000,
};
