import { clip, newId } from "#base";
import type { ConversationMessage } from "#protocol";
import type { ModelPart } from "./provider.ts";

const mostCalls = 128;
const mostArgs = 1024 * 1024;
const longestId = 256;

/** A piece of a tool call as it comes in: whatever the API sends together. */
export interface ToolCallPiece {
  /** Which call of the answer it belongs to; without it, to the last one, unless it brings another id. */
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly args?: string | undefined;
}

interface Draft {
  readonly index: number | undefined;
  id: string | undefined;
  name: string | undefined;
  args: string;
}

/** Puts the tool calls of one answer together. Nothing is a call before the answer is at its end. */
export class ToolCalls {
  readonly #drafts: Draft[] = [];
  #argsLength = 0;

  get size(): number {
    return this.#drafts.length;
  }

  /** False when the answer has more calls, or longer arguments, than anybody means. */
  add(piece: ToolCallPiece): boolean {
    const draft = this.#draftFor(piece);
    draft.id ||= piece.id;
    // Servers that repeat the name in every piece are more than those that split it.
    draft.name ||= piece.name;
    draft.args += piece.args ?? "";
    this.#argsLength += piece.args?.length ?? 0;
    return this.#drafts.length <= mostCalls && this.#argsLength <= mostArgs;
  }

  /** The calls in their order. `isCut` says that the answer ended at its length limit, perhaps amid the last call. */
  finish(messages: readonly ConversationMessage[], isCut: boolean): ModelPart[] {
    if (this.#drafts.length === 0) return [];
    const taken = new Set(messages.flatMap((m) => (m.role === "assistant" ? m.toolCalls.map((call) => call.id) : [])));
    return this.#drafts.map((draft) => ({
      type: "toolCall",
      id: freeId(draft.id, taken),
      name: usableName(draft.name),
      ...readArgs(draft.args, isCut),
    }));
  }

  #draftFor({ index, id, name }: ToolCallPiece): Draft {
    const found =
      index === undefined ? this.#drafts.at(-1) : this.#drafts.findLast((candidate) => candidate.index === index);
    // Some servers give every call the same index, or none.
    const isAnother = Boolean(id && found?.id && id !== found.id && name);
    if (found && !isAnother) return found;
    const draft: Draft = { index, id, name, args: "" };
    this.#drafts.push(draft);
    return draft;
  }
}

/** The id, made unique, because results are found by it; a new one when there is none. */
function freeId(given: string | undefined, taken: Set<string>): string {
  const base = given && given.length <= longestId ? given : newId();
  let id = base;
  for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
  taken.add(id);
  return id;
}

/** A name that can be sent back: a made-up one that breaks the APIs' rules would make every later request fail. */
function usableName(name: string | undefined): string {
  return clip(name?.replaceAll(/[^a-zA-Z0-9_-]/g, "_") ?? "", 64) || "unnamed";
}

type Args = { readonly args: unknown; readonly argsProblem?: string };

function readArgs(text: string, isCut: boolean): Args {
  if (isCut && text.trim() === "") return { args: {}, argsProblem: "The answer reached its length limit here." };
  if (text.trim() === "") return { args: {} };
  try {
    const args: unknown = JSON.parse(text);
    if (typeof args === "object" && args !== null && !Array.isArray(args)) return { args };
    return { args: {}, argsProblem: `The arguments are not a JSON object: ${clip(text, 200)}` };
  } catch (error) {
    const why = isCut ? "the answer reached its length limit" : error instanceof Error ? error.message : "syntax error";
    return { args: {}, argsProblem: `The arguments are not valid JSON (${why}): ${clip(text, 200)}` };
  }
}
