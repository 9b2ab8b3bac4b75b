import { SessionEvent } from "#protocol";
import { Errors } from "@sinclair/typebox/errors";
import { Check } from "@sinclair/typebox/value";

const variants = new Map<unknown, (typeof SessionEvent.anyOf)[number]>(
  SessionEvent.anyOf.map((variant) => [variant.properties.kind.const, variant]),
);

/** The JSON text of an event, and the event as it will be read back from it: a snapshot that the caller cannot change. */
export function encodeEvent(event: SessionEvent): { readonly text: string; readonly event: SessionEvent } {
  const text = JSON.stringify(event);
  return { text, event: decodeEvent(text) };
}

/** Throws when the text is no event of a kind and shape that this version knows. */
export function decodeEvent(text: string): SessionEvent {
  const parsed: unknown = JSON.parse(text);
  const variant = variants.get(kindOf(parsed));
  if (variant && Check(variant, parsed)) return parsed;
  const problem = Errors(SessionEvent, parsed).First();
  throw new TypeError(`not a session event: ${problem?.path ?? ""} ${problem?.message ?? "unknown shape"}`);
}

function kindOf(parsed: unknown): unknown {
  return typeof parsed === "object" && parsed !== null && "kind" in parsed ? parsed.kind : undefined;
}
