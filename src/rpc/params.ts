import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import { clip } from "#base";
import { type Fault, fault } from "#protocol";

/** Names that reach the prototype of what they are assigned to. No params of ours are called so. */
const forbiddenNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const longestPath = 128;

/** Checks params against their schemas, each compiled when it is first needed: the compiler costs milliseconds to load. */
export class ParamsChecker {
  readonly #compiled = new Map<TSchema, TypeCheck<TSchema>>();

  /** Undefined when the params are in order. */
  async problem(schema: TSchema, params: unknown): Promise<Fault | undefined> {
    if (Array.isArray(params)) {
      return fault.invalidParams({ path: "params", problem: "params go by name: send an object, not an array" });
    }
    const forbidden = findForbidden(params);
    if (forbidden !== undefined) {
      return fault.invalidParams({ path: clip(forbidden, longestPath), problem: "this name is not allowed" });
    }
    const check = this.#compiled.get(schema) ?? (await this.#compile(schema));
    return check.Check(params) ? undefined : describe(check, params);
  }

  async #compile(schema: TSchema): Promise<TypeCheck<TSchema>> {
    const { TypeCompiler } = await import("@sinclair/typebox/compiler");
    const check = TypeCompiler.Compile(schema);
    this.#compiled.set(schema, check);
    return check;
  }
}

const sayings: Readonly<Record<string, string>> = {
  "Unexpected property": "there is no such parameter",
  "Expected required property": "it is missing",
};

function describe(check: TypeCheck<TSchema>, params: unknown): Fault {
  const first = check.Errors(params).First();
  const path = first?.path.slice(1).replaceAll("/", ".") ?? "";
  const said = first?.message ?? "it does not fit";
  const problem = sayings[said] ?? `${said.charAt(0).toLowerCase()}${said.slice(1)}`;
  return fault.invalidParams({ path: clip(path === "" ? "params" : path, longestPath), problem });
}

/** Where the first forbidden name stands. Recurses no deeper than the JSON guard lets texts nest. */
function findForbidden(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (forbiddenNames.has(name)) return name;
    const deeper = findForbidden(inner);
    if (deeper !== undefined) return `${name}.${deeper}`;
  }
  return undefined;
}
