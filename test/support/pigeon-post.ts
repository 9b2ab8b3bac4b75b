import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Connection } from "#channels";
import type { Line } from "#gateway";
import { pigeon } from "./fake-channel.ts";

/**
 * What the platform does with the next message: takes it; takes it and lets nobody know; does neither; says no, for good
 * or for now; answers without an id.
 */
export type Mood = "takes" | "takesInSilence" | "breaks" | "refusesForGood" | "isBusy" | "forgetsTheId";

const Letter = Type.Object({ chat: Type.String(), text: Type.String(), clientKey: Type.String() });

/** A chat platform behind HTTP, and what stands in its chats. */
export class PigeonPost implements Disposable {
  /** In the order in which people see them. */
  readonly shown: { readonly chat: string; readonly text: string; readonly id: string }[] = [];
  readonly moods: Mood[] = [];
  readonly #keys = new Map<string, string>();
  readonly #server: Bun.Server<undefined>;
  requests = 0;
  retryAfterMs = 40;

  constructor() {
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#answer(request) });
  }

  texts(chat: string): string[] {
    return this.shown.filter((one) => one.chat === chat).map(({ text }) => text);
  }

  /** `canTell`: the platform knows messages by the key that the sender gave them. */
  channel({ canTell }: { readonly canTell: boolean }): Line {
    const at = `http://127.0.0.1:${this.#server.port}`;
    return { channel: pigeon, account: "default", settings: {}, connection: connection(at, canTell) };
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method === "GET") {
      const id = this.#keys.get(new URL(request.url).searchParams.get("key") ?? "");
      return id === undefined ? new Response(null, { status: 404 }) : Response.json({ id });
    }
    this.requests++;
    const { chat, text, clientKey } = Value.Parse(Letter, await request.json());
    const mood = this.moods.shift() ?? "takes";
    if (mood === "breaks") return new Response("oops", { status: 500 });
    if (mood === "refusesForGood") return new Response("no such chat", { status: 403 });
    if (mood === "isBusy") return Response.json({ retryAfterMs: this.retryAfterMs }, { status: 429 });
    const id = `p${this.shown.length + 1}`;
    this.shown.push({ chat, text, id });
    this.#keys.set(clientKey, id);
    if (mood === "takesInSilence") return new Response("oops", { status: 502 });
    return Response.json({ id: mood === "forgetsTheId" ? "" : id });
  }
}

const Sent = Type.Object({ id: Type.String() });
const Busy = Type.Object({ retryAfterMs: Type.Number() });

function connection(at: string, canTell: boolean): Connection {
  return {
    state: "online",
    async send({ to, text, clientKey }, signal) {
      const body = JSON.stringify({ chat: to.chat, text, clientKey });
      const response = await fetch(at, { method: "POST", body, signal });
      if (response.status === 403) return { refused: "forGood", problem: await response.text() };
      if (response.status === 429) {
        const { retryAfterMs } = Value.Parse(Busy, await response.json());
        return { refused: "forNow", problem: "too many pigeons", retryAfterMs };
      }
      if (!response.ok) throw new Error(`the platform said ${response.status}`);
      return { messageId: Value.Parse(Sent, await response.json()).id };
    },
    ...(canTell && {
      find: async ({ clientKey }, signal) => {
        const response = await fetch(`${at}?key=${clientKey}`, { signal });
        return response.ok ? { messageId: Value.Parse(Sent, await response.json()).id } : undefined;
      },
    }),
    [Symbol.asyncDispose]: async () => {},
  };
}
