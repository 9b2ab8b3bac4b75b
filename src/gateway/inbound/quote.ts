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

/** The same of the message that the thread began with, which may be one of our own. */
export function rootQuote({ sender, text, isOurs }: Quoted, mayBeShown: boolean): string {
  if (!isOurs && (!mayBeShown || !sender)) return withheldRootMark;
  const by = isOurs || !sender ? "of yours" : `of ${speaker(sender)}`;
  const lines = clip(text, mostCharacters).split("\n");
  return [`[This thread began with a message ${by}:]`, ...lines.map((line) => `> ${line}`)].join("\n");
}

export const withheldRootMark = "[This thread began with a message that is not shown here.]";
export const withheldMark = "[It answers a message that is not shown here.]";
