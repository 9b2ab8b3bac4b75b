/** Something the demo model reacts to: with words, or with a call of a tool. The first pattern that fits is taken. */
export type Skill =
  | { readonly pattern: RegExp; answer(match: RegExpExecArray, earlier: readonly string[]): string }
  | {
      readonly pattern: RegExp;
      readonly tool: string;
      args(match: RegExpExecArray): Readonly<Record<string, string>>;
    };

const farthest = 1_000;

export const skills: readonly Skill[] = [
  {
    pattern: /^help\b/i,
    answer: () =>
      "I know: count to <number> · echo <text> · what did I say? · run: <command> · read <path> · write <path>: <text> · search <text>. Anything else I repeat.",
  },
  {
    pattern: /^count (?:up )?to (\d{1,9})\b/i,
    answer: (match) => {
      const last = Math.min(Number(match[1]), farthest);
      const numbers = Array.from({ length: last }, (_, i) => i + 1).join(" ");
      return Number(match[1]) > farthest
        ? `${numbers} … and that is as far as I count.`
        : numbers || "nothing to count.";
    },
  },
  { pattern: /^echo\b:?\s*([^]+)$/i, answer: (match) => match[1] ?? "" },
  {
    pattern: /what (?:did|have) I (?:just )?(?:say|said|tell|told|write|written)/i,
    answer: (_match, earlier) => {
      const before = earlier.at(-1);
      return before === undefined ? "nothing before this." : `you said “${before}”.`;
    },
  },
  {
    pattern: /^(?:please )?(?:run|execute)(?: the command)?:?\s+([^]+)$/i,
    tool: "bash",
    args: (match) => ({ command: unquoted(match[1] ?? "") }),
  },
  {
    pattern: /^(?:please )?read(?: the file)?:?\s+(\S+)$/i,
    tool: "read",
    args: (match) => ({ path: unquoted(match[1] ?? "") }),
  },
  {
    pattern: /^(?:please )?write(?: the file)?:?\s+(\S+?):\s*([^]*)$/i,
    tool: "write",
    args: (match) => ({ path: unquoted(match[1] ?? ""), content: match[2] ?? "" }),
  },
  {
    pattern: /^(?:please )?search(?: for)?:?\s+([^]+)$/i,
    tool: "search",
    args: (match) => ({ pattern: unquoted(match[1] ?? ""), kind: "content" }),
  },
];

function unquoted(text: string): string {
  return text.trim().replace(/^(["'`])([^]*)\1$/, "$2");
}
