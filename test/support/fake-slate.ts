import type { ChannelSettings, Connection, SendRefusal } from "#channels";
import type { Line } from "#gateway";
import { growByEditing } from "../../src/channels/grow-by-editing.ts";
import { pigeon } from "./fake-channel.ts";

/** What the platform does with the next request: its work; its work, and nobody hears of it; nothing, and nobody hears of that; a refusal. */
export type Mood = "takes" | "takesInSilence" | "breaks" | "isBusy" | "refusesForGood";

type Verb = "send" | "edit" | "delete" | "find";

/** A platform whose messages can be written over. It outlives the gateways that write on it. */
export class FakeSlate {
  readonly settings: ChannelSettings = { streaming: "partial", allowFrom: ["1"] };
  readonly moods: Record<Verb, Mood[]> = { send: [], edit: [], delete: [], find: [] };
  /** What each message has said, one after the other, by its id. */
  readonly saying = new Map<string, string[]>();
  readonly asked: { readonly verb: Verb; readonly at: number; readonly replyTo?: string | undefined }[] = [];
  readonly #messages = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  retryAfterMs = 30;
  /** The next request waits for it. */
  gate: Promise<void> | undefined;

  /** What people see now, in order. */
  get texts(): string[] {
    return [...this.#messages.values()];
  }

  get ids(): string[] {
    return [...this.#messages.keys()];
  }

  calls(verb: Verb): number {
    return this.asked.filter((one) => one.verb === verb).length;
  }

  /** A person takes it away. */
  remove(id: string): void {
    this.#messages.delete(id);
  }

  /** `canFind`: it finds messages by their key. `knowsRepeats`: a key that comes again gives the message that is there. */
  line(
    able: {
      readonly canFind?: boolean;
      readonly knowsRepeats?: boolean;
      readonly most?: number;
      readonly growEveryMs?: number;
    } = {},
    settings = this.settings,
  ): Line {
    const ways: Required<Pick<Connection, "send" | "edit">> = {
      send: async ({ text, clientKey, replyTo }) => {
        const known = able.knowsRepeats ? this.#keys.get(clientKey) : undefined;
        const post = () => {
          const messageId = known ?? `s${this.saying.size + 1}`;
          if (known === undefined) this.#write(messageId, text);
          this.#keys.set(clientKey, messageId);
          return { messageId };
        };
        return this.#ask("send", post, replyTo);
      },
      edit: async ({ messageId }, text) =>
        this.#ask("edit", () => {
          if (!this.#messages.has(messageId))
            return { refused: "forGood", problem: "there is no such message" } as const;
          this.#write(messageId, text);
          return undefined;
        }),
    };
    return {
      channel: { ...pigeon, growEveryMs: able.growEveryMs ?? 1, text: { most: able.most ?? 4_000, unit: "utf16" } },
      account: "default",
      settings,
      connection: {
        state: "online",
        ...ways,
        grow: (step, signal) => growByEditing(ways, step, signal),
        delete: async ({ messageId }) =>
          this.#ask("delete", () => {
            this.#messages.delete(messageId);
            return undefined;
          }),
        ...(able.canFind && {
          find: async ({ clientKey }) =>
            this.#ask("find", () => {
              const messageId = this.#keys.get(clientKey);
              return messageId === undefined || !this.#messages.has(messageId) ? undefined : { messageId };
            }).then((found) => (found && "refused" in found ? undefined : found)),
        }),
        [Symbol.asyncDispose]: async () => {},
      },
    };
  }

  #write(id: string, text: string): void {
    this.#messages.set(id, text);
    this.saying.set(id, [...(this.saying.get(id) ?? []), text]);
  }

  async #ask<T>(verb: Verb, work: () => T, replyTo?: string): Promise<T | SendRefusal> {
    this.asked.push({ verb, at: performance.now(), replyTo });
    const mood = this.moods[verb].shift() ?? "takes";
    const { gate } = this;
    this.gate = undefined;
    await gate;
    if (mood === "breaks") throw new Error("it broke");
    if (mood === "isBusy") return { refused: "forNow", problem: "too fast", retryAfterMs: this.retryAfterMs };
    if (mood === "refusesForGood") return { refused: "forGood", problem: "not like that" };
    const answer = work();
    if (mood === "takesInSilence") throw new Error("nobody heard");
    return answer;
  }
}
