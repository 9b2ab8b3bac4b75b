type Peer = Bun.Socket<Line>;

interface Line {
  other?: Peer | undefined;
  /** What came before the other end was there. */
  early: Uint8Array[];
  isFromClient: boolean;
  /** The server's next word does not arrive: the line is cut instead. */
  cutsAnswer: boolean;
  after?: () => void;
}

/** A TCP relay that a test cuts at a chosen word. */
export interface CutLine extends Disposable {
  readonly port: number;
  /** The line that carries `word` to the server is cut before it arrives there, or when the server answers it. Once. */
  cutAt(word: string, when: "before" | "answer"): void;
  /** The same, and nobody gets through afterwards. Resolves when it was done. */
  downAt(word: string, when: "before" | "answer"): Promise<void>;
  /** Cuts everything; while it is down, nobody gets through. */
  down(): void;
  up(): void;
}

export function openCutLine(serverPort: number): CutLine {
  const lines = new Set<Peer>();
  const state: { isDown: boolean; cut?: { word: string; when: "before" | "answer"; after: () => void } | undefined } = {
    isDown: false,
  };
  const close = (socket: Peer) => {
    lines.delete(socket);
    socket.data.other?.end();
  };
  const data = (socket: Peer, chunk: Uint8Array) => {
    const line = socket.data;
    if (!line.isFromClient && line.cutsAnswer) return cutBoth(socket, line.after);
    const { cut } = state;
    if (line.isFromClient && cut && Buffer.from(chunk).includes(cut.word)) {
      state.cut = undefined;
      if (cut.when === "before") return cutBoth(socket, cut.after);
      if (line.other) Object.assign(line.other.data, { cutsAnswer: true, after: cut.after });
    }
    if (line.other) line.other.write(chunk);
    else line.early.push(chunk.slice());
  };
  const cutBoth = (socket: Peer, after?: () => void) => {
    after?.();
    socket.data.other?.terminate();
    socket.terminate();
  };
  const down = () => {
    state.isDown = true;
    for (const socket of lines) socket.terminate();
  };
  const listener = Bun.listen<Line>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (client) => {
        client.data = { early: [], isFromClient: true, cutsAnswer: false };
        if (state.isDown) {
          client.terminate();
          return;
        }
        lines.add(client);
        void Bun.connect<Line>({
          hostname: "127.0.0.1",
          port: serverPort,
          data: { early: [], isFromClient: false, cutsAnswer: false, other: client },
          socket: {
            open: (server) => {
              lines.add(server);
              client.data.other = server;
              for (const chunk of client.data.early) server.write(chunk);
            },
            data,
            close,
          },
        }).catch(() => client.terminate());
      },
      data,
      close,
    },
  });
  return {
    port: listener.port,
    cutAt: (word, when) => {
      state.cut = { word, when, after: () => {} };
    },
    downAt: (word, when) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const after = () => {
        down();
        resolve();
      };
      state.cut = { word, when, after };
      return promise;
    },
    down,
    up: () => {
      state.isDown = false;
    },
    [Symbol.dispose]: () => listener.stop(true),
  };
}
