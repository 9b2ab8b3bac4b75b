import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { powers, rooms, typesOnly } from "./rooms.ts";
import { type Import, readBeside, readSources, type SourceFile } from "./source.ts";

const files = await readSources();
const all = [...files, ...(await readBeside())];

test("the scan sees (a blind guard guards nothing)", () => {
  const imports = files.flatMap((file) => file.imports);
  expect(files.length).toBeGreaterThan(40);
  expect(imports.filter((i) => i.specifier.startsWith("#")).length).toBeGreaterThan(40);
  expect(imports.filter((i) => i.typeOnly).length).toBeGreaterThan(20);
  for (const power of powers) {
    const users = all.filter((file) => power.used.test(file.text)).map((file) => file.room);
    expect(users, `someone should ${power.name}`).not.toBeEmpty();
  }
});

test("every room is on the floor plan, and every room of the plan exists", () => {
  expect([...new Set(files.map((file) => file.room))].toSorted()).toEqual(Object.keys(rooms).toSorted());
});

test("the floor plan has no loops", () => {
  const climb = (room: string, path: readonly string[]): void => {
    if (path.includes(room)) throw new Error([...path, room].join(" -> "));
    for (const below of rooms[room] ?? []) climb(below, [...path, room]);
  };
  for (const room of Object.keys(rooms)) climb(room, []);
});

test("rooms are entered by their door, by rooms that may", () => {
  expect(files.flatMap((file) => file.imports.flatMap((i) => trespass(file, i)))).toEqual([]);
});

test("powers are used only by the rooms and files that hold them", () => {
  expect(
    all.flatMap((file) =>
      powers
        .filter((power) => !power.by.includes(file.room) && power.used.test(file.text))
        .map((power) => `${file.path} may not ${power.name}`),
    ),
  ).toEqual([]);
});

test("what is only for development is not needed to run", () => {
  const forDevelopment = Object.keys(packageJson.devDependencies).filter((name) => !name.startsWith("@types/"));
  expect(forDevelopment).toContain("@openclaw/gateway-protocol");
  const isOne = (specifier: string) => forDevelopment.some((name) => `${specifier}/`.startsWith(`${name}/`));
  const imported = files.flatMap((file) => file.imports.map((i) => ({ ...i, path: file.path })));
  expect(imported.filter((i) => !i.typeOnly && isOne(i.specifier))).toEqual([]);
});

test("no file is a drawer for things without a name", () => {
  const drawers = /(^|\/)(types|utils|helpers|common|misc)\.ts$/;
  expect(files.map((file) => file.path).filter((path) => drawers.test(path))).toEqual([]);
});

function trespass({ room, path }: SourceFile, { specifier, typeOnly }: Import): string[] {
  if (specifier.startsWith(".")) {
    const target = normalize(join(dirname(path), specifier));
    return target.startsWith(`${room}/`) ? [] : [`${path} climbs through a wall: ${specifier}`];
  }
  if (!specifier.startsWith("#")) return [];
  if (!rooms[room]?.includes(specifier.slice(1))) return [`${path} may not enter ${specifier}`];
  if (typesOnly.includes(room) && !typeOnly) return [`${path} may only borrow types from ${specifier}`];
  return [];
}
