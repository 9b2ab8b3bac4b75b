const shortest = 24;

/** What an unset variable, a template or a hurried person leaves where a token should stand. */
const placeholders: ReadonlySet<string> = new Set(
  "undefined null none changeme change-me secret password token test [secret]".split(" "),
);

export type TokenCheck =
  | { readonly ok: true; readonly warning?: string }
  | { readonly ok: false; readonly because: string };

/** May this text guard the gateway? Never says the text itself. */
export function checkToken(text: string): TokenCheck {
  if (text.trim() === "") return { ok: false, because: "The token is empty." };
  if (text !== text.trim()) return { ok: false, because: "The token begins or ends with white space." };
  if (placeholders.has(text.toLowerCase())) {
    return { ok: false, because: "The token is a placeholder that was never filled in." };
  }
  if (text.length >= shortest) return { ok: true };
  return { ok: true, warning: `The token has fewer than ${shortest} characters, which can be guessed.` };
}
