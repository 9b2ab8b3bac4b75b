import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { Services } from "./services.ts";

export const SessionKey = Type.String({ minLength: 1, maxLength: 512 });

/** The canonical key, or an `invalidParams` that says why it is none. */
export function readSessionKey(text: string, services: Services): string {
  const parsed = services.parseSessionKey(text);
  if (!parsed.ok) throw fault.invalidParams({ path: "sessionKey", problem: parsed.because });
  return parsed.key;
}
