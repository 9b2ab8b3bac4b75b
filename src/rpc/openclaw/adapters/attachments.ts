import { type Static, Type } from "@sinclair/typebox";
import type { Attachments } from "../../attachments.ts";
import { open } from "./adapter.ts";

/** Files that clients send with a message; some of them write the content as a data: URL. */
export const SentAttachments = Type.Optional(
  Type.Array(
    Type.Object(
      { fileName: Type.Optional(Type.String({ maxLength: 255 })), content: Type.String({ minLength: 1 }) },
      open,
    ),
    { maxItems: 10 },
  ),
);

const dataUrl = /^data:[\w.+/;=-]{0,200},/;

export function sentAttachments(sent: Static<typeof SentAttachments> | undefined): {
  readonly attachments?: Attachments;
} {
  if (!sent || sent.length === 0) return {};
  return {
    attachments: sent.map(({ fileName = "", content }) => ({
      content: content.replace(dataUrl, ""),
      ...(fileName !== "" && { fileName }),
    })),
  };
}
