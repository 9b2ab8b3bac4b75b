import type { Update } from "#channels";

/** Before the id of what has no message on the platform that could be answered or reacted to. */
export const commandMark = "command:";

/** An update as words. */
export type Said = Pick<
  Extract<Update, { type: "message" }>,
  "messageId" | "text" | "attachments" | "quoted" | "threadRoot" | "isToUs" | "bundle"
>;

/** A command of the platform, or a button of ours, is always for us. */
export function readUpdate(update: Exclude<Update, { type: "edited" | "reaction" }>): Said {
  switch (update.type) {
    case "message":
      return update;
    case "command": {
      const text = `/${update.name} ${update.args}`.trim();
      return { messageId: `${commandMark}${update.id}`, text, attachments: [], isToUs: true };
    }
    case "button":
      return { messageId: update.messageId, text: update.data, attachments: [], isToUs: true };
  }
}
