import { parseJson } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import type { Attachment, Update } from "#channels";
import { Address } from "#protocol";
import { Entry, KeptPlace } from "./entry.ts";
import { readUpdate } from "./said.ts";

const Sender = Type.Object({
  id: Type.String(),
  name: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  isBot: Type.Boolean(),
});

const KeptAttachment = Type.Object({
  id: Type.String(),
  kind: Type.Union([
    Type.Literal("image"),
    Type.Literal("audio"),
    Type.Literal("voice"),
    Type.Literal("video"),
    Type.Literal("file"),
  ]),
  name: Type.Optional(Type.String()),
  mimeType: Type.Optional(Type.String()),
  bytes: Type.Optional(Type.Number()),
});

const about = { id: Type.String(), at: Type.Number(), from: Address, place: KeptPlace, sender: Sender };
const words = { ...about, messageId: Type.String(), text: Type.String(), isToUs: Type.Boolean() };

/** An update as JSON keeps it: without what can be done only while the platform waits. */
const KeptUpdate = Type.Union([
  Type.Object({
    ...words,
    type: Type.Literal("message"),
    attachments: Type.Array(KeptAttachment),
    quoted: Type.Optional(
      Type.Object({
        messageId: Type.String(),
        sender: Type.Optional(Sender),
        text: Type.String(),
        isOurs: Type.Boolean(),
      }),
    ),
    bundle: Type.Optional(Type.String()),
  }),
  Type.Object({ ...words, type: Type.Literal("edited") }),
  Type.Object({ ...about, type: Type.Literal("command"), name: Type.String(), args: Type.String() }),
  Type.Object({ ...about, type: Type.Literal("button"), messageId: Type.String(), data: Type.String() }),
  Type.Object({
    ...about,
    type: Type.Literal("reaction"),
    messageId: Type.String(),
    emoji: Type.String(),
    isAdded: Type.Boolean(),
  }),
]);
type KeptUpdate = Static<typeof KeptUpdate>;

const Entries = Type.Array(Entry, { minItems: 1 });
const Kept = Type.Object({ problem: Type.String(), update: Type.String() });

/** What was put aside: an update that was not taken, or messages that were and found no turn. */
export type Content =
  | { readonly what: "update"; readonly update: Update }
  | { readonly what: "messages"; readonly entries: readonly Entry[] };

/** The content is missing when it was too long to be kept whole, or is nothing that can be read. */
export function readKept(data: string): { readonly problem: string; readonly content?: Content } {
  const kept = parseJson(data);
  if (!Check(Kept, kept)) return { problem: "its record is damaged" };
  const content = contentOf(parseJson(kept.update));
  return { problem: kept.problem, ...(content && { content }) };
}

/** Its words, for a person to recognise it. */
export function textIn(content: Content): string {
  if (content.what === "messages") return content.entries.map(({ text }) => text).join("\n");
  const { update } = content;
  if (update.type === "reaction") return update.emoji;
  return update.type === "edited" ? update.text : readUpdate(update).text;
}

function contentOf(value: unknown): Content | undefined {
  if (Check(Entries, value)) return { what: "messages", entries: value };
  return Check(KeptUpdate, value) ? { what: "update", update: updateOf(value) } : undefined;
}

function updateOf(kept: KeptUpdate): Update {
  if (kept.type !== "message") return kept;
  return { ...kept, attachments: kept.attachments.map(unreadable) };
}

/** The platform gave its file for a while only. */
function unreadable(kept: Static<typeof KeptAttachment>): Attachment {
  return { ...kept, fetch: () => Promise.reject(new Error("The message was put aside, and its file was not kept.")) };
}
