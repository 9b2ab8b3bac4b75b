import { type Static, Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import type { AnyMethod, MethodContext } from "../../method.ts";
import { configGet } from "../../methods/config.get.ts";
import { configPatch } from "../../methods/config.patch.ts";
import { configReload } from "../../methods/config.reload.ts";
import { configSchema } from "../../methods/config.schema.ts";
import { describeSchema, lookUp } from "../config-schema.ts";
import { isRecord } from "../frame.ts";
import { adapt, open, own } from "./adapter.ts";

/** What everybody sees of a secret, in our words and in those of this dialect. Written back, either means what is there. */
const hidden = "[secret]";
const redacted = "__OPENCLAW_REDACTED__";

const anything = Type.Object({}, open);

const Written = Type.Object(
  {
    raw: Type.String({ maxLength: 1024 * 1024 }),
    baseHash: Type.Optional(Type.String({ maxLength: 128 })),
    // Arrays are always replaced as a whole.
    replacePaths: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 256 })),
  },
  open,
);
type Written = Static<typeof Written>;

export const config: readonly AnyMethod[] = [
  adapt(configGet, {
    params: anything,
    ask: () => ({}),
    answer: ({ value, hash }) => {
      const shown = redact(value);
      const same = { parsed: shown, sourceConfig: shown, resolved: shown, config: shown };
      return { path: "", exists: true, raw: null, ...same, hash, valid: true, issues: [], warnings: [] };
    },
  }),
  adapt(configPatch, {
    params: Written,
    names: { patch: "raw" },
    ask: ({ raw, baseHash }) => ({ patch: read(raw), ...(baseHash !== undefined && { baseHash }) }),
    answer: ({ changed, restartRequired, hash }, { context }) => ({
      ...written(hash, context),
      changedPaths: changed,
      restartRequired,
    }),
  }),
  // Ours alone: the original watches its file.
  configReload,
  own({ name: "config.set", scope: configPatch.scope, effect: "once", params: Written, handle: replace }),
  adapt(configSchema, {
    params: anything,
    ask: () => ({}),
    answer: ({ schema }, { context }) => ({
      ...describeSchema(schema),
      version: context.services.version,
      generatedAt: new Date().toISOString(),
    }),
  }),
  own({
    name: "config.schema.lookup",
    scope: configSchema.scope,
    params: Type.Object({ path: Type.String({ minLength: 1, maxLength: 1024 }) }, open),
    handle: async ({ path }, { services }) => {
      const found = lookUp(describeSchema(services.config.schema()), path);
      if (!found) throw fault.invalidParams({ path: "path", problem: "there is no such setting" });
      return found;
    },
  }),
];

/** The whole as somebody wants it: what differs from what was shown is changed, what is no longer there is taken out. */
async function replace({ raw, baseHash }: Written, context: MethodContext) {
  const patch = difference(context.services.config.view(), read(raw));
  const { hash } = await configPatch.handle({ patch, ...(baseHash !== undefined && { baseHash }) }, context);
  return written(hash, context);
}

function written(hash: string, { services }: MethodContext) {
  return { ok: true, path: "", hash, config: redact(services.config.view()) };
}

function redact(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) => (item === hidden ? redacted : item));
}

function read(raw: string): Record<string, unknown> {
  const value = unredact(parse(raw));
  if (isRecord(value)) return value;
  throw fault.invalidParams({ path: "raw", problem: "it is no object" });
}

function unredact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unredact);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unredact(item)]));
  return value === redacted ? hidden : value;
}

function parse(raw: string): unknown {
  try {
    return Bun.JSON5.parse(raw);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fault.invalidParams({ path: "raw", problem: "it is no JSON5" }, error);
  }
}

/** As a JSON merge patch. */
function difference(shown: Record<string, unknown>, wanted: Record<string, unknown>): Record<string, unknown> {
  const gone = Object.keys(shown).filter((key) => !Object.hasOwn(wanted, key));
  const changed = Object.entries(wanted).flatMap(([key, value]): [string, unknown][] => {
    const now = Object.hasOwn(shown, key) ? shown[key] : undefined;
    if (isRecord(now) && isRecord(value)) {
      const below = difference(now, value);
      return Object.keys(below).length === 0 ? [] : [[key, below]];
    }
    return Bun.deepEquals(now, value) ? [] : [[key, value]];
  });
  return Object.fromEntries([...gone.map((key) => [key, null] as const), ...changed]);
}
