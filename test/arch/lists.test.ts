import { channels } from "#channels";
import { methods } from "#rpc";
import { tools } from "#tools";
import { expect, test } from "bun:test";
import { basename, join } from "node:path";
import { wireEvents } from "../../src/rpc/wire-events.ts";
import { readSources, SRC } from "./source.ts";

/** What there are many of: the names in the list, and the folder that holds a file for each. */
const lists: readonly (readonly [string, readonly string[]])[] = [["rpc/methods", methods.map(({ name }) => name)]];

test.each(lists)("%s: folder and list agree, in alphabetical order", async (folder, names) => {
  const files = await Array.fromAsync(new Bun.Glob("*.ts").scan(join(SRC, folder)));
  const inFolder = files.map((file) => basename(file, ".ts")).filter((name) => name !== "index");
  expect(names.length).toBeGreaterThan(0);
  expect(names).toEqual(inFolder.toSorted());
});

test("events are listed in alphabetical order", () => {
  const names = wireEvents.map(({ name }) => name as string);
  expect(names).toEqual(names.toSorted());
});

test("no two methods share a route", () => {
  const routes = methods.flatMap((method) =>
    "route" in method && method.route ? [`${method.route.verb} ${method.route.path}`] : [],
  );
  expect(routes.length).toBeGreaterThan(10);
  expect(new Set(routes).size).toBe(routes.length);
});

test.each([
  ["tools", "defineTool(", tools.map((tool) => tool.name)],
  ["channels", "defineChannel(", channels.map((channel) => channel.id)],
])("%s: every entry has a file of its name and is listed, in alphabetical order", async (room, definition, names) => {
  const defining = (await readSources())
    .filter((file) => file.room === room && file.text.includes(`= ${definition}`))
    .map((file) => basename(file.path, ".ts"));
  expect(defining).not.toBeEmpty();
  expect(names).toEqual(defining.toSorted());
});
