import { clip } from "#base";
import { GrammyError, HttpError } from "grammy";
import type { SendRefusal } from "../channel.ts";

/** What came of a call that did not succeed. `says` ends a sentence that begins with “Telegram …:”. */
export type Failure =
  | {
      readonly kind: "refused";
      readonly code: number;
      readonly says: string;
      readonly retryAfterMs?: number;
      /** The group has become another chat. */
      readonly movedTo?: number;
    }
  /** It never got there. */
  | { readonly kind: "unreached"; readonly says: string }
  /** Nobody knows whether it was done. */
  | { readonly kind: "unknown"; readonly says: string };

export class CallFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(sentenceOf(failure));
    this.failure = failure;
  }
}

/** The failure that an error of the library, or of `fetch`, stands for. Takes nothing over that could name the address. */
export function failureOf(error: unknown, token: string): Failure {
  if (error instanceof GrammyError) return refused(error, token);
  const inner: unknown = error instanceof HttpError ? error.error : error;
  const code = codeOf(inner);
  if (code !== undefined && neverThere.has(code)) return { kind: "unreached", says: code };
  return { kind: "unknown", says: code ?? (inner instanceof Error ? inner.name : "no answer") };
}

/** What a refusal means for a message. Throws where nobody knows what became of it. */
export function refusalOf(failure: Failure): SendRefusal {
  const problem = sentenceOf(failure);
  switch (failure.kind) {
    case "unknown":
      throw new CallFailed(failure);
    case "unreached":
      return { refused: "forNow", problem };
    case "refused": {
      const { code, retryAfterMs } = failure;
      if (code === 400 || code === 403 || code === 413) return { refused: "forGood", problem };
      return { refused: "forNow", problem, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
  }
}

export function sentenceOf(failure: Failure): string {
  switch (failure.kind) {
    case "unreached":
      return `Telegram cannot be reached: ${failure.says}.`;
    case "unknown":
      return `Telegram gave no usable answer: ${failure.says}.`;
    case "refused":
      return isTokenWrong(failure)
        ? `Telegram does not know this token (${failure.code}).`
        : `Telegram refuses it: ${failure.says} (${failure.code}).`;
  }
}

/** A token of the wrong shape is no path of the API, so Telegram answers 404. */
export function isTokenWrong(failure: Failure): boolean {
  return failure.kind === "refused" && (failure.code === 401 || failure.code === 404);
}

const neverThere: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
]);

function refused({ error_code: code, description, parameters }: GrammyError, token: string): Failure {
  // An answer that is JSON but none of the Bot API ends up here too, without a code.
  if (!Number.isInteger(code) || code >= 500) return { kind: "unknown", says: `status ${String(code)}` };
  const { retry_after: retryAfter, migrate_to_chat_id: movedTo } = parameters;
  const says = clip((typeof description === "string" ? description : "no reason").replaceAll(token, "[secret]"), 300);
  return {
    kind: "refused",
    code,
    says: says.replace(/^[\w ]+: (?=\S)/, "").replace(/\.+$/, ""),
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1_000 }),
    ...(movedTo === undefined ? {} : { movedTo }),
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
