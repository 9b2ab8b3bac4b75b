import { KindGuard, type Static, type TSchema, Type } from "@sinclair/typebox";
import type { RequiredScope } from "#protocol";
import type { Credential } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import type { ConnectionInfo } from "./connection.ts";
import type { Interests } from "./interests.ts";
import type { Nodes } from "./nodes/nodes.ts";
import type { Claim } from "./origin.ts";
import type { RunWatch } from "./run-watch.ts";
import type { Services } from "./services.ts";

/** What a handler is told of the call, beside its params. */
export interface MethodContext {
  readonly services: Services;
  readonly caller: Caller;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** For `connect` alone: trades a credential for scopes on this connection. Throws `unauthorized` or `lockedOut`. */
  authenticate(credential: Credential, claim?: Claim): Promise<Caller>;
  /** The newest so many; all of them where that is not said. */
  connections(newest?: number): readonly ConnectionInfo[];
  /** Loaded when first asked for. */
  nodes(): Promise<Nodes>;
  /** What the connection wants to hear. Throws `invalidRequest` for a single call, which hears nothing. */
  interests(): Interests;
  /** From now on, until it is disposed of. */
  watch(runId: string): RunWatch;
  /** The names of every method and of every event. */
  readonly catalog: Catalog;
}

export interface Catalog {
  readonly methods: readonly string[];
  readonly events: readonly string[];
}

/** Where a method is found in REST. `{name}` in the path is filled from the params; so is the query of a GET, and the body of the others. */
export interface Route {
  readonly verb: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api/v1`, like `/sessions/{sessionKey}/history`. */
  readonly path: string;
}

export interface Method<Name extends string, Params extends TSchema, Result extends TSchema> {
  readonly name: Name;
  /** One sentence, for the reference and the OpenAPI document. */
  readonly summary: string;
  readonly scope: RequiredScope;
  /**
   * `node`: for nodes alone; `any`: for them too, who are asked for no scope either way. Without it, for operators; what is
   * public is for both.
   */
  readonly role?: "node" | "any";
  readonly route?: Route;
  readonly params: Params;
  readonly result: Result;
  /** What a second call does; nothing where it is not said. Every method with more scope than reading says it. */
  readonly effect?: MethodEffect;
  /** Its answer must not be kept anywhere: by its key it is known to have been done, and no more. */
  readonly answersSecret?: true;
  /** The dispatcher takes `idempotencyKey` away before it calls: the method does not read it itself. */
  readonly isKeyedOutside?: true;
  handle(params: Static<Params>, context: MethodContext): Promise<Static<Result>>;
}

/**
 * What a second call does to the world. `none`: nothing, as the first. `idempotent`: it leaves what the first left. `once`:
 * more. With a key the dispatcher remembers the first of either and answers for it, unless the method reads the key itself,
 * because its messages leave receipts; what is idempotent does not depend on that memory.
 */
export type MethodEffect = "none" | "idempotent" | "once";

export type AnyMethod = Method<string, TSchema, TSchema>;

export function defineMethod<const Name extends string, Params extends TSchema, Result extends TSchema>(
  method: Method<Name, Params, Result>,
): Method<Name, Params, Result> {
  return withKey(method);
}

/** A method that changes something takes a key, also where its own params do not name one. */
export function withKey<Name extends string, Params extends TSchema, Result extends TSchema>(
  method: Method<Name, Params, Result>,
): Method<Name, Params, Result> {
  const { effect = "none", params } = method;
  if (effect === "none" || !KindGuard.IsObject(params) || "idempotencyKey" in params.properties) return method;
  const properties = { ...params.properties, idempotencyKey: RequestKey };
  return { ...method, params: { ...params, properties }, isKeyedOutside: true };
}

const RequestKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
    description: "The same key is the same request, done once; its repetition gets the same answer.",
  }),
);

/** Params that nobody reads are a mistake of the caller, who is told. */
export const closed = { additionalProperties: false } as const;
