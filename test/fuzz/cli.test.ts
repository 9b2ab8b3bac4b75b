import { commands } from "#cli";
import { expect, test } from "bun:test";
import { CommandFailed } from "../../src/cli/failure.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { safeJson, SafeStream, safeText } from "../../src/cli/safe-text.ts";
import { dice } from "../support/dice.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

test(`any command line is understood or refused as a misuse (FUZZ_SEED=${seed})`, () => {
  const roll = dice(seed);
  const odd = "help -h -V --no-color -- - --= -=x -mx --port= --json=1 = --__proto__ toString --constructor=1 é";
  const words = [
    ...commands.flatMap(({ path, options }) => [...path, ...Object.keys(options).map((name) => `--${name}`)]),
    ...odd.split(" "),
    "",
    "-\u0000",
    "9".repeat(400),
    "-".repeat(50),
  ];
  const outcomes = { understood: 0, refused: 0 };
  for (let i = 0; i < 3_000; i++) {
    const argv = Array.from({ length: roll(7) }, () => pick(words, roll));
    try {
      parseCommandLine(commands, argv);
      outcomes.understood++;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw new Error(`not a misuse: ${JSON.stringify(argv)}`, { cause: error });
      expect(error.exitCode).toBe(2);
      outcomes.refused++;
    }
  }
  // The walk saw both.
  expect(outcomes.understood).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(100);
});

test(`text in any pieces is as safe as the whole (FUZZ_SEED=${seed})`, () => {
  const roll = dice(seed);
  const letters = [
    "a",
    "\r",
    "\n",
    "\r\n",
    "\u001B[2J",
    "\u009B",
    "\u202E",
    "😀",
    "\u{E0041}",
    "\uD83D",
    "\u200D",
    "\u2028",
  ];
  for (let i = 0; i < 2_000; i++) {
    const whole = Array.from({ length: roll(12) }, () => pick(letters, roll)).join("");
    const stream = new SafeStream();
    let shown = "";
    for (let at = 0; at < whole.length;) {
      const next = at + 1 + roll(3);
      shown += stream.push(whole.slice(at, next));
      at = next;
    }
    shown += stream.end();
    expect(shown).toBe(safeText(whole));
    expect(shown).not.toMatch(/(?![\n\t\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(safeJson(whole))).toBe(whole);
  }
});

function pick<T>(list: readonly T[], roll: (sides: number) => number): T {
  const found = list[roll(list.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}
