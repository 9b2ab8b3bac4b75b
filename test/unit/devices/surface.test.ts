import { scopesToApprove } from "#devices";
import { expect, test } from "bun:test";
import { boundedSurface } from "../../../src/devices/surface.ts";

test("a surface is kept sorted, each name once, and only names that can be read", () => {
  const commands = ["b", "a", "b", "", "x".repeat(129), "x".repeat(128), "two words", "system.n\u043etify", "a\u0000"];
  expect(boundedSurface({ caps: ["z", "z"], commands })).toEqual({
    caps: ["z"],
    commands: ["a", "b", "x".repeat(128)],
  });
});

test("a surface has an end", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => `c${i}`);
  const { caps, commands } = boundedSurface({ caps: many, commands: many });
  expect([caps.length, commands.length]).toEqual([256, 256]);
});

test.each([
  [[], false],
  [["system.notify", "canvas.present"], false],
  [["system.run"], true],
  [["system.notify", "system.run.prepare"], true],
  [["fs.writeFile"], true],
  [["browser.proxy"], true],
  [["terminal.open"], true],
  [["system.notify2"], true],
  [["SYSTEM.NOTIFY"], true],
  [["nobody.knows"], true],
])("to approve %j, an operator must be admin: %p", (commands, isAdmin) => {
  const scopes = scopesToApprove({ caps: [], commands });
  expect(scopes).toEqual(isAdmin ? ["operator.pairing", "operator.admin"] : ["operator.pairing"]);
});
