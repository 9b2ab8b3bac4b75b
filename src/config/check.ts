import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Errors, type ValueError } from "@sinclair/typebox/errors";
import { Check } from "@sinclair/typebox/value";
import type { Path } from "./tree.ts";

const mostErrors = 500;

/** The places where a value is not what the schema asks for, each once, outermost and first complaint first. */
export function wrongPlaces(schema: TSchema, value: unknown): readonly Path[] {
  if (Check(schema, value)) return [];
  const places = new Map<string, Path>();
  for (const error of take(Errors(schema, value))) {
    const path = deepest(error);
    const isKnown = path.some((_, i) => places.has(path.slice(0, i + 1).join("\0")));
    if (!isKnown) places.set(path.join("\0"), path);
  }
  return [...places.values()];
}

/** Of a union of which one part alone could have been meant, the complaint of that part. */
function deepest(error: ValueError): Path {
  const here = segmentsOf(error.path);
  if (!KindGuard.IsUnion(error.schema) || typeof error.value !== "object" || error.value === null) return here;
  const complaints = error.errors.map((part) => [...take(part)]);
  const near = complaints.filter((part) => part.every((inner) => inner.path !== error.path));
  const [first] = near.toSorted((a, b) => a.length - b.length)[0] ?? [];
  return first ? deepest(first) : here;
}

function* take(errors: Iterable<ValueError>): Iterable<ValueError> {
  let count = 0;
  for (const error of errors) {
    if (++count > mostErrors) return;
    yield error;
  }
}

function segmentsOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}
