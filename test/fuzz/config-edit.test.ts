import { locateHome, openConfig } from "#config";
import { Type } from "@sinclair/typebox";
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Anything goes here, so that the file and nothing else decides what a change may do.
const schema = Type.Object({ root: Type.Optional(Type.Unknown()), other: Type.Optional(Type.Unknown()) });

const start = `# c1 first
root.dotted.a = 1 # c2
root.dotted.b.c = "x" # c3

# c4
[other] # c5
plain = 1 # c6
  # c7
  indented = [ # c8
    1, # c9
    "]", # c10 ]
  ] # c11
inline = { a = 1, b = { c = '#', d = [1, { e = 2 }] } } # c12
text = """
# not a comment
plain = 2
""" # c13

# c14
[other.sub."quo.ted"] # c15
k = 'v' # c16
[other.sub] # c17
when = 2026-01-02T03:04:05Z # c18
[[other.list]] # c19
n = 1 # c20
[[other.list]]
n = 2 # c21
[other.list.below] # c22
z = 1
# c23 last`;

const comments = Array.from({ length: 23 }, (_, i) => new RegExp(`# c${i + 1}\\b`));
const paths =
  `root.dotted.a root.dotted.b.c root.dotted.b.d root.dotted.n root.dotted root.new root.new.deep other.plain
  other.indented other.inline other.inline.a other.inline.b.c other.inline.b.n other.text other.sub."quo.ted".k
  other.sub."quo.ted" other.sub other.sub.n other.list other.fresh other.fresh.x.y other.fresh.x other."a-key"."=[#" other
  root`.split(/\s+/);
const texts = ["", "plain", 'q"\\\n\t\u0000\u007F#é😀'];
const lists = [[], [1, [2, "]"], { a: "#" }], ["x".repeat(70), "y".repeat(70)]];
const tables = [{}, { a: 1 }, { "a.b": { c: [] }, d: { e: {} } }];
const values: readonly unknown[] = [0, -7, 1.5, 1e-7, true, ...texts, ...lists, ...tables];

test.each([1, 2, 3, 4, 5, 6])(
  "random changes leave the file saying what was asked, comments all there (seed %d)",
  async (seed) => {
    using place = temporaryFolder();
    const home = locateHome({ OPENCLAW_HOME: place.folder });
    const file = join(place.folder, "openclaw.toml");
    writeFileSync(file, seed % 2 === 0 ? start.replaceAll("\n", "\r\n") : start);
    const config = openConfig({ schema, home, environment: {}, flags: {} });
    const random = generator(seed);
    const pick = <Item>(items: readonly Item[]): Item => {
      const item = items[Math.floor(random() * items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    };

    let refused = 0;
    let model = meaning(readFileSync(file, "utf8"));
    for (let step = 0; step < 60; step++) {
      const path = pick(paths);
      const value = random() < 0.35 ? undefined : pick(values);
      const before = readFileSync(file, "utf8");
      const wanted = changed(model, segments(path), value);
      const outcome = await (value === undefined ? config.unset(path) : config.set(path, value)).catch(
        (error: unknown) => error,
      );
      const after = readFileSync(file, "utf8");
      const told = `step ${step}: ${path} = ${JSON.stringify(value)}\n${before}\n---\n${after}`;
      if (outcome instanceof Error) {
        expect(outcome.message, told).toMatch(/edit the file by hand|cannot hold/);
        expect(after, told).toBe(before);
        refused++;
        continue;
      }
      expect(JSON.stringify(sorted(withoutEmpty(meaning(after)))), told).toBe(
        JSON.stringify(sorted(withoutEmpty(wanted))),
      );
      for (const comment of comments) expect(after, told).toMatch(comment);
      model = meaning(after);
    }
    expect(refused).toBe(0);
  },
);

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function meaning(text: string): Record<string, unknown> {
  return Object(JSON.parse(JSON.stringify(Bun.TOML.parse(text))));
}

function changed(tree: unknown, [first = "", ...rest]: string[], value: unknown): Record<string, unknown> {
  const table: Record<string, unknown> = isTable(tree) ? { ...tree } : {};
  if (rest.length > 0 && (value !== undefined || isTable(table[first])))
    table[first] = changed(table[first], rest, value);
  else if (rest.length === 0 && value === undefined) delete table[first];
  else if (rest.length === 0) table[first] = value;
  return table;
}

/** Empty tables say nothing: which of them a dotted key leaves behind is the format's affair. */
function withoutEmpty(value: unknown): unknown {
  if (!isTable(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withoutEmpty(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => !isTable(item) || Object.keys(item).length > 0));
}

function sorted(value: unknown): unknown {
  if (!isTable(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function segments(path: string): string[] {
  return [...path.matchAll(/"([^"]*)"|([^."]+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
