/**
 * Everything that moves the cursor, colours, hides or reorders text (SEC-36): control and format characters and line
 * separators, but for newline, tab, and the two joiners that emoji and some scripts are written with.
 */
const unsafe = /(?![\n\t\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text from a model, a tool or the network, such that a terminal only shows it. What is taken out is named: `\x1b`. */
export function safeText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(unsafe, nameOf);
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll(/\s+/g, " ").trim();
}

/** A JSON document, safe to look at: what a terminal would act on is escaped as JSON allows. */
export function safeJson(value: unknown, indent = 2): string {
  const json = JSON.stringify(value, undefined, indent) ?? "null";
  return json.replaceAll(unsafe, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** `safeText` for text that arrives in pieces, which may part a line break or a surrogate pair. */
export class SafeStream {
  #held = "";

  push(piece: string): string {
    const text = this.#held + piece;
    this.#held = /[\r\uD800-\uDBFF]$/.exec(text)?.[0] ?? "";
    return safeText(text.slice(0, text.length - this.#held.length));
  }

  end(): string {
    const text = safeText(this.#held);
    this.#held = "";
    return text;
  }
}

function nameOf(character: string): string {
  if (character === "\r") return String.raw`\r`;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
}
