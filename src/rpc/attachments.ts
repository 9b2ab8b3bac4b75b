import { type Static, Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { BroughtFile } from "#gateway";

const mostFiles = 10;

const Attachment = Type.Object(
  {
    fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    content: Type.String({ minLength: 1, description: "Base64." }),
  },
  { additionalProperties: false },
);

/** As the original's clients name them. What a file is, its bytes say. */
export const Attachments = Type.Array(Attachment, {
  maxItems: mostFiles,
  description: "Small ones: the whole call must fit into one frame. Models that take pictures see those among them.",
});
export type Attachments = Static<typeof Attachments>;

export function readAttachments(attachments: Attachments): readonly BroughtFile[] {
  return attachments.map(({ fileName: name, content }, at) => {
    if (content.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(content)) {
      throw fault.invalidParams({ path: `attachments.${at}.content`, problem: "it is no base64" });
    }
    return { ...(name !== undefined && { name }), bytes: Buffer.from(content, "base64") };
  });
}
