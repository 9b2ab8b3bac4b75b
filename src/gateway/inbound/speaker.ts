import { clip } from "#base";
import type { Sender } from "#channels";

const mostCharacters = 64;

/** Who says it, for the model. Anybody may call themselves anything, so the id is there too, and nothing that could end the bracket. */
export function speaker({ id, name, username }: Sender): string {
  const said = clip(plain(name ?? username ?? ""), mostCharacters);
  return said === "" ? plain(id) : `${said} (${plain(id)})`;
}

/** On one line, without what could end a bracket or hide something. */
export function plain(text: string): string {
  return text
    .replaceAll(/[[\]()\p{Cc}\p{Cf}\u2028\u2029]/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}
