import { type Static, Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";

/** A file that goes with a message: its bytes are a blob, which must be there before the row is. */
export const OutboxFile = Type.Object({
  blob: Type.String(),
  name: Type.String(),
  mimeType: Type.String(),
  asVoice: Type.Optional(Type.Boolean()),
});
export type OutboxFile = Static<typeof OutboxFile>;

const OutboxFiles = Type.Array(OutboxFile);

export function filesText(files: readonly OutboxFile[] = []): string | null {
  return files.length === 0 ? null : JSON.stringify(files);
}

export function filesIn(text: string | null, outboxId: string): { readonly files?: readonly OutboxFile[] } {
  if (text === null) return {};
  const files: unknown = JSON.parse(text);
  if (!Check(OutboxFiles, files)) throw new TypeError(`the files of outbox row ${outboxId} are damaged`);
  return { files };
}
