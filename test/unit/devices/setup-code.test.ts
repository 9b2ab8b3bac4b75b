import { expect, test } from "bun:test";
import { asMeant, newSetupCode } from "../../../src/devices/setup-code.ts";

test("a setup code has more than 128 random bits, in letters that are not taken for others", () => {
  const codes = Array.from({ length: 400 }, newSetupCode);
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
  expect(new Set(codes.join("").replaceAll("-", "")).size).toBe(32);
  expect(new Set(codes).size).toBe(codes.length);
});

test.each([
  ["as it was shown", "AB1C-0D12", "AB1C0D12"],
  ["in small letters", "ab1c-0d12", "AB1C0D12"],
  ["with spaces", " ab1c 0d12\n", "AB1C0D12"],
  ["with letters for digits", "ablc-odi2", "AB1C0D12"],
])("a code means the same %s", (_how, typed, meant) => {
  expect(asMeant(typed)).toBe(meant);
});
