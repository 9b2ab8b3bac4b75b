import { fault } from "#protocol";
import type { TSchema } from "@sinclair/typebox";
import { fieldsOf } from "./rest.ts";

const header = "Idempotency-Key";

export function takesKey(params: TSchema): boolean {
  return Object.hasOwn(fieldsOf(params), "idempotencyKey");
}

/**
 * The header of the IETF draft (draft-ietf-httpapi-idempotency-key-header), a string in quotes, which many clients leave
 * out. It says the same as the field of the body; methods that change nothing have no use for it.
 */
export function withHeaderKey(
  schema: TSchema,
  params: Readonly<Record<string, unknown>>,
  headers: Headers,
): Readonly<Record<string, unknown>> {
  const text = headers.get(header);
  if (text === null || !takesKey(schema)) return params;
  const key = /^"(.*)"$/.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, "$1") ?? text;
  const { idempotencyKey = key } = params;
  if (idempotencyKey === key) return { ...params, idempotencyKey };
  throw fault.invalidParams({ path: header, problem: "it is another key than the one in the body" });
}
