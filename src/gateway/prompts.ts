import { type Static, Type } from "@sinclair/typebox";
import type { PreparedTurn } from "#agent";
import { Lru, type Log } from "#base";
import type { Storage } from "#storage";

type Ready = Pick<Extract<PreparedTurn, { ready: true }>, "system" | "tools" | "model">;

/** What a model is given beside the conversation, as it is kept: once, however many turns it serves. */
export const KeptPrompt = Type.Object({
  system: Type.String(),
  tools: Type.Array(Type.Object({ name: Type.String(), description: Type.String(), params: Type.Object({}) })),
  contextWindow: Type.Number(),
  maxTokens: Type.Number(),
  /** For a model that takes more than text. */
  input: Type.Optional(Type.Array(Type.Union([Type.Literal("text"), Type.Literal("image")]))),
});
export type KeptPrompt = Static<typeof KeptPrompt>;

export const promptMimeType = "application/vnd.openclaw.prompt+json";

const mostRemembered = 64;

/** Puts the prompts of turns where they can be read again, whatever becomes of the files that they were made from. */
export class Prompts {
  readonly #storage: Storage;
  readonly #log: Log;
  /** Those known to be on disk or on their way there, by hash. */
  readonly #kept = new Lru<string, true>({ budget: mostRemembered });
  #last: { readonly prompt: Ready; readonly text: string; readonly hash: string } | undefined;

  constructor({ storage, log }: { readonly storage: Storage; readonly log: Log }) {
    this.#storage = storage;
    this.#log = log;
  }

  /**
   * The hash that names the prompt. What is new is written beside the appends of the same moment, in their transaction;
   * a prompt that was kept before costs nothing.
   */
  keep(prompt: Ready): string {
    const last = this.#isLast(prompt) ? this.#last : undefined;
    const { text, hash } = last ?? this.#encode(prompt);
    if (this.#kept.get(hash)) return hash;
    this.#kept.set(hash, true);
    this.#storage
      .putBlob({ mimeType: promptMimeType, bytes: new TextEncoder().encode(text) })
      .catch((error: unknown) => {
        this.#kept.delete(hash);
        this.#log.warn("the prompt of a turn was not kept", { hash, error });
      });
    return hash;
  }

  /** It counts as being on disk, so it must stay there although no log may name it. */
  isInUse(hash: string): boolean {
    return this.#kept.get(hash) === true;
  }

  /** The parts that do not change stay the same objects from turn to turn. */
  #isLast(prompt: Ready): boolean {
    const last = this.#last?.prompt;
    if (!last || last.system !== prompt.system || last.tools.specs !== prompt.tools.specs) return false;
    return limitsOf(last) === limitsOf(prompt);
  }

  #encode(prompt: Ready): { readonly text: string; readonly hash: string } {
    const { contextWindow, maxTokens, input } = prompt.model;
    const limits = { contextWindow, maxTokens, ...(input?.includes("image") && { input: [...input] }) };
    const kept: KeptPrompt = { system: prompt.system, tools: [...prompt.tools.specs], ...limits };
    const text = JSON.stringify(kept);
    const hash = Bun.SHA256.hash(text, "hex");
    this.#last = { prompt, text, hash };
    return { text, hash };
  }
}

function limitsOf({ model: { contextWindow, maxTokens, input = [] } }: Ready): string {
  return `${contextWindow} ${maxTokens} ${input.join()}`;
}
