import { expect, test } from "bun:test";
import { parseSetting } from "../../../src/cli/settings/parse-setting.ts";

test.each([
  ["18789", 18_789],
  ["true", true],
  ['"18789"', "18789"],
  ['["a", 1]', ["a", 1]],
  ['{"a": 1}', { a: 1 }],
  ["0x10", 16],
  ["1_000", 1_000],
  ["'it is'", "it is"],
  ["lan", "lan"],
  ["0.0.0.0", "0.0.0.0"],
  ["anthropic/claude", "anthropic/claude"],
  ["", ""],
  ["1\nother = 2", "1\nother = 2"],
  ["{ broken", "{ broken"],
])("%j is taken as %j", (text, value) => {
  expect(parseSetting(text)).toEqual(value);
});
