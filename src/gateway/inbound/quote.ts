import { clip } from "#base";
import type { Quoted } from "#channels";
import { speaker } from "./speaker.ts";

const mostCharacters = 2_000;

/** What the model is told of the message that is answered: nothing of it, where its writer may not talk to us. */
export function quote({ sender, text }: Quoted, mayBeShown: boolean): string {
  if (!mayBeShown || !sender) return withheldMark;
  const lines = clip(text, mostCharacters).split("\n");
  return [`[It answers ${speaker(sender)}:]`, ...lines.map((line) => `> ${line}`)].join("\n");
}

export const withheldMark = "[It answers a message that is not shown here.]";
