import { SessionEvent } from "#protocol";
import { Value } from "@sinclair/typebox/value";

/** The JSON text of an event, and the event as it will be read back from it: a snapshot that the caller cannot change. */
export function encodeEvent(event: SessionEvent): { readonly text: string; readonly event: SessionEvent } {
  const text = JSON.stringify(event);
  return { text, event: decodeEvent(text) };
}

/** Throws when the text is no event of a kind and shape that this version knows. */
export function decodeEvent(text: string): SessionEvent {
  const parsed: unknown = JSON.parse(text);
  for (const variant of SessionEvent.anyOf) if (Value.Check(variant, parsed)) return parsed;
  const problem = Value.Errors(SessionEvent, parsed).First();
  throw new TypeError(`not a session event: ${problem?.path ?? ""} ${problem?.message ?? "unknown shape"}`);
}
