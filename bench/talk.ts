import { SocketClient } from "../test/support/socket-client.ts";

/** Somebody who says things in many sessions over one connection, and knows how long each answer took. */
export class Talker implements AsyncDisposable {
  readonly #client: SocketClient;
  readonly #waiting = new Map<string, () => void>();
  #said = 0;

  private constructor(client: SocketClient) {
    this.#client = client;
    client.onNotification(({ method, params }) => {
      client.notifications.length = 0;
      if (method !== "chat" || params["state"] === "delta") return;
      if (params["state"] !== "final") throw new Error(`a turn ended with ${JSON.stringify(params)}`);
      this.#waiting.get(String(params["runId"]))?.();
      this.#waiting.delete(String(params["runId"]));
    });
  }

  static async open(socketUrl: string): Promise<Talker> {
    return new Talker(await SocketClient.open(socketUrl));
  }

  /** So many turns one after another in each of so many sessions, all beside each other: milliseconds from send to final. */
  async talk(sessions: number, turnsEach: number): Promise<number[]> {
    const latencies = await Promise.all(
      Array.from({ length: sessions }, async (_, session) => {
        const mine: number[] = [];
        for (let i = 0; i < turnsEach; i++) mine.push(await this.#turn(`bench-${session}`));
        return mine;
      }),
    );
    return latencies.flat();
  }

  async #turn(sessionKey: string): Promise<number> {
    const runId = `bench-${this.#said++}`;
    const begin = performance.now();
    const final = new Promise<void>((resolve) => this.#waiting.set(runId, resolve));
    await this.#client.call("chat.send", { sessionKey, message: "hello", idempotencyKey: runId });
    await final;
    return performance.now() - begin;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}
