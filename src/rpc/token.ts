const shortest = 24;
const placeholders: ReadonlySet<string> = new Set(["undefined", "null", "changeme", "change-me", "token", "secret"]);

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
