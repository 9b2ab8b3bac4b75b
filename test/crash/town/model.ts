import type { ModelCall, Reply } from "../../support/fake-model.ts";
import { anyCanary, askedIn } from "./canary.ts";
import { pick } from "./square.ts";

const mostQuoted = 6;

interface Habits {
  readonly quotesAll: boolean;
  /** Many answers take seconds, so that they are seen growing. */
  readonly isSlow: boolean;
}

/**
 * Answers with the canary that it was asked with, calls a tool where it is told to, and behaves like a bad model now and
 * then: it writes calls of tools as text, and repeats what was only meant for it. `quotesAll`: the answer also has every
 * other canary that it can see, so that a conversation with something foreign in it betrays itself. Its last words tell
 * that it is whole.
 */
export function parrotModel({ isSlow, quotesAll }: Habits): (call: ModelCall) => Reply {
  return ({ messages }) => {
    const question = messages.findLast(({ role }) => role === "user")?.text ?? "";
    const found = askedIn(question);
    if (!found) return "nobody asked";
    const { deed, word } = found;
    if (deed === "do" && messages.at(-1)?.role === "user") {
      return {
        parts: [{ toolCall: { id: `call-${word}`, name: "bash", args: { command: `echo ${word} >> effects.txt` } } }],
      };
    }
    const others = messages.flatMap(({ text }) => text.match(anyCanary) ?? []).filter((one) => one !== word);
    const seen = quotesAll ? [...new Set(others)].slice(-mostQuoted) : [];
    const begin = `answer ${word} seen ${seen.join(" ")}`;
    const end = `\n\n${babble(question, word)}\n\nover ${word}`;
    if (isSlow && Math.random() < 0.6) return inSteps([`${begin}\n\n`, "so far ", "so good", end]);
    const wait = Math.random() < 0.2 ? [Bun.sleep(Math.random() * 60)] : [];
    return { parts: ["", ...wait, `${begin}${end}`] };
  };
}

function inSteps(steps: readonly string[]): Reply {
  const stepMs = pick([300, 700, 1_200]);
  return { parts: steps.flatMap((step, at) => [Bun.sleep(at * stepMs), step]) };
}

function babble(question: string, word: string): string {
  const what = Math.random();
  if (what < 0.1) return `<tool_call>{"name":"bash","arguments":{"command":"echo ${word}"}}</tool_call>`;
  if (what < 0.15) return `<function_calls><invoke name="bash">${word}</invoke></function_calls>`;
  if (what < 0.2) return `[attached: image ${word}.png; image/png, 3 bytes, blob abc]`;
  if (what < 0.3) return question.replaceAll(/\b(?:say|do) (?=CNY)/g, "you said ");
  return "";
}
