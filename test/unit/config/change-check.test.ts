import { locateHome, openConfig } from "#config";
import { Type } from "@sinclair/typebox";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../../support/temp-folder.ts";

const schema = Type.Object({
  least: Type.Integer({ default: 0 }),
  most: Type.Integer({ default: 10 }),
  name: Type.Optional(Type.String()),
});

function open(text: string, tolerates?: "mistakes") {
  const folder = tempFolder();
  const file = join(folder.path, "openclaw.toml");
  writeFileSync(file, text);
  const config = openConfig({
    schema,
    home: locateHome({ OPENCLAW_HOME: folder.path }),
    environment: {},
    flags: {},
    tolerates,
    check: ({ settings }) => (settings.least > settings.most ? ["least: it is more than most."] : []),
  });
  return {
    config,
    text: () => readFileSync(file, "utf8"),
    write: (changed: string) => writeFileSync(file, changed),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("a change is refused that makes settings wrong together, and nothing is written", async () => {
  using here = open("most = 3\n");
  await expect(here.config.set("least", 4)).rejects.toThrow("Nothing was changed: least: it is more than most.");
  await expect(here.config.patch({ least: 5 })).rejects.toThrow("least: it is more than most.");
  expect(here.text()).toBe("most = 3\n");
  expect(await here.config.patch({ least: 5, most: 6 })).toMatchObject({ changed: ["most", "least"] });
  await expect(here.config.unset("most")).resolves.toMatchObject({ changed: ["most"] });
});

test("a file that was edited so is not taken up, and the settings stay", () => {
  using here = open("most = 3\n");
  here.write("most = 3\nleast = 4\n");
  expect(() => here.config.reload()).toThrow("least: it is more than most.");
  expect(here.config.settings).toEqual({ least: 0, most: 3 });
});

test("what was wrong before keeps nobody from changing something else", async () => {
  using here = open("most = 3\nleast = 4\n");
  await here.config.set("name", "me");
  expect(here.text()).toContain('name = "me"');
  using broken = open('most = "many"\n', "mistakes");
  await broken.config.patch({ most: 3, least: 4 });
  expect(broken.text()).toContain("least = 4");
});
