import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Fault, fault } from "#protocol";
import { type AnyMethod, type Method, type MethodContext, withKey } from "../../method.ts";

/** How a method of ours looks in this dialect. Its scope and what it does stay what they are. */
interface Shape<Ours extends TSchema, Result extends TSchema, Theirs extends TSchema> {
  /** What of their params is read. Others may come along, unless they ask for what would not be done. */
  readonly params: Theirs;
  /** How our params are called here, for errors. */
  readonly names?: Readonly<Record<string, string>>;
  ask(theirs: Static<Theirs>, context: MethodContext): Promise<Static<Ours>> | Static<Ours>;
  answer(result: Static<Result>, asked: { readonly theirs: Static<Theirs>; readonly context: MethodContext }): unknown;
}

export function adapt<Name extends string, Ours extends TSchema, Result extends TSchema, Theirs extends TSchema>(
  method: Method<Name, Ours, Result>,
  shape: Shape<Ours, Result, Theirs>,
): AnyMethod {
  const adapted: Method<Name, Theirs, TSchema> = {
    name: method.name,
    summary: method.summary,
    scope: method.scope,
    ...(method.effect && { effect: method.effect }),
    ...(method.answersSecret && { answersSecret: true }),
    ...(method.role && { role: method.role }),
    params: shape.params,
    result: Type.Unknown(),
    handle: async (theirs, context) => {
      const done = async () => method.handle(await shape.ask(theirs, context), context);
      const result = await done().catch((error: unknown) => {
        throw renamed(error, shape.names);
      });
      return shape.answer(result, { theirs, context });
    },
  };
  return withKey(adapted);
}

/** A method that this dialect alone has; what it does is made of what others do. */
export function own<Theirs extends TSchema>(
  method: Pick<Method<string, Theirs, TSchema>, "effect" | "handle" | "params" | "scope"> & { readonly name: string },
): AnyMethod {
  const { name } = method;
  const made: Method<string, Theirs, TSchema> = { ...method, summary: name, result: Type.Unknown() };
  return withKey(made);
}

/** Params where more than we read may be said. */
export const open = { additionalProperties: true } as const;

function renamed(error: unknown, names: Readonly<Record<string, string>> = {}): unknown {
  if (!(error instanceof Fault) || error.code !== "invalidParams") return error;
  const path = String(error.data["path"]);
  const { problem = "" } = error.data;
  return fault.invalidParams({ path: names[path] ?? path, problem }, error);
}
