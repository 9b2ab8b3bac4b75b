import { parseJson } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { Address, MessageFile } from "#protocol";

/** As `Place` of the channels, on disk. */
export const KeptPlace = Type.Object({
  kind: Type.Union([Type.Literal("direct"), Type.Literal("group"), Type.Literal("channel")]),
  title: Type.Optional(Type.String()),
  parentChat: Type.Optional(Type.String()),
  mainThread: Type.Optional(Type.String()),
  guild: Type.Optional(Type.String()),
  roles: Type.Optional(Type.Array(Type.String())),
});

/** One message on its way to a turn, as it lies on disk while it waits. */
export const Entry = Type.Object({
  /** Of the receipts. */
  scope: Type.String(),
  /** The platform's id of the update. */
  updateId: Type.String(),
  messageId: Type.String(),
  /** The update whose turn must have ended before this one's begins. */
  after: Type.Optional(Type.String()),
  /** The update that the messages of one turn are gathered around: the first of them. */
  group: Type.String(),
  runId: Type.String(),
  sessionKey: Type.String(),
  from: Address,
  sender: Type.String(),
  place: Type.Optional(KeptPlace),
  text: Type.String(),
  /** What `text` begins with that its sender did not write: who speaks, what is quoted. */
  head: Type.Optional(Type.String()),
  /** What is said of its files; replaced when they were read. */
  files: Type.Array(Type.String()),
  /** Those of them that could be had. */
  attached: Type.Optional(Type.Array(MessageFile)),
  /** Recordings whose words are still to come, each behind a line of `files`. */
  unheard: Type.Optional(Type.Array(Type.Object({ line: Type.Integer(), blob: Type.String() }))),
  /** What was said before, to others. */
  context: Type.Array(Type.String()),
  arrivedAt: Type.Integer(),
  /** Orders what arrived in the same millisecond. */
  n: Type.Integer(),
});
export type Entry = Static<typeof Entry>;

/** Names it among all that was ever brought. */
export function idOf({ scope, updateId }: Pick<Entry, "scope" | "updateId">): string {
  return JSON.stringify([scope, updateId]);
}

/** Undefined when it is damaged. */
export function readEntry(data: string): Entry | undefined {
  const entry = parseJson(data);
  return Check(Entry, entry) ? entry : undefined;
}

/** How far the files of a message are. */
export interface Files {
  readonly files: readonly string[];
  readonly attached: readonly MessageFile[];
  readonly unheard: readonly { readonly line: number; readonly blob: string }[];
}

/** How far they are, as it is put beside the message. */
export function keptFiles({ files, attached, unheard }: Files): Pick<Entry, "files" | "attached" | "unheard"> {
  return { files: [...files], attached: [...attached], unheard: [...unheard] };
}

/** What the model is told of messages that one person sent one after the other. */
export function textOf(entries: readonly Pick<Entry, "text" | "head" | "files" | "context">[]): string {
  const [context = []] = entries.map((entry) => entry.context);
  const before = context.length === 0 ? [] : [contextMark, ...context, messageMark];
  const said = entries.flatMap((entry, at) => [at > 0 && onlyNames(entry) ? "" : entry.text, ...entry.files]);
  return [...before, ...said].filter((line) => line !== "").join("\n");
}

/** It has no words and tells nothing but who speaks, like the photos of an album. */
function onlyNames({ text, head }: Pick<Entry, "text" | "head">): boolean {
  return text === head && !text.includes("\n");
}

/** Marks for the model; they are taken out of what it says. */
export const contextMark = "[Said here before, not to you:]";
export const messageMark = "[Said to you:]";
export const transcriptMark = "[What is said in it, written down by a machine:]";
