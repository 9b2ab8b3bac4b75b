import type { Spot } from "./square.ts";

/** What somebody said, with a word of its own that is nowhere else. */
export interface Canary {
  readonly word: string;
  readonly spot: Spot;
  /** It asks for an answer. */
  readonly isForUs: boolean;
  /** Where it stands among all that was said. */
  readonly nth: number;
  /** The platform was told that we have it. */
  readonly isTaken: () => boolean;
}

export const anyCanary = /CNY[0-9a-z]+Z/g;
const asked = /\b(say|do) (CNY[0-9a-z]+Z)\b/g;

export function newCanary(nth: number): string {
  return `CNY${process.pid.toString(36)}x${Date.now().toString(36)}x${nth}Z`;
}

/** What a message asks for: the last thing in it, because what was said before to others may stand in front of it. */
export function askedIn(text: string): { readonly deed: string; readonly word: string } | undefined {
  const [, deed = "", word = ""] = [...text.matchAll(asked)].at(-1) ?? [];
  return word === "" ? undefined : { deed, word };
}
