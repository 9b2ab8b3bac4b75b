import { describe, expect, test } from "bun:test";
import {
  type AnyInput,
  type Command,
  defineCommand,
  type OptionSpecs,
  type PositionalSpecs,
} from "../../../src/cli/command.ts";
import { CommandFailed } from "../../../src/cli/failure.ts";
import { parseCommandLine } from "../../../src/cli/parse.ts";

const run = () => Promise.resolve(0);
const paint = defineCommand({
  path: ["house", "paint"],
  summary: "Paint a house.",
  options: {
    coats: { type: "integer", least: 1, most: 9, default: 2, description: "How many." },
    colorName: { type: "string", short: "c", placeholder: "name", description: "Which." },
    finish: { type: "string", choices: ["matt", "gloss"], description: "How it shines." },
    room: { type: "strings", description: "Where." },
    wet: { type: "boolean", description: "Do not wait." },
  },
  positionals: { street: { description: "Where it stands." }, note: { description: "What else.", optional: true } },
  run,
});
const sell = defineCommand({ path: ["house", "sell"], summary: "Sell it.", options: {}, positionals: {}, run });
const status = defineCommand({ path: ["status"], summary: "How it is.", options: {}, positionals: {}, run });
const commands = [paint, sell, status];

function input(...argv: string[]): AnyInput {
  const parsed = parseCommandLine(commands, argv);
  if (parsed.kind !== "run") throw new Error(`parsed as ${parsed.kind}`);
  return parsed.input;
}

function complaint(...argv: string[]): string {
  try {
    parseCommandLine(commands, argv);
  } catch (error) {
    if (error instanceof CommandFailed) return `${error.exitCode} ${error.message} ${error.advice}`;
    throw error;
  }
  return "none";
}

describe("what was typed reaches the command", () => {
  test("options get their types, defaults and absences; names are typed with dashes", () => {
    expect(input("house", "paint", "Elm St", "--color-name", "red", "--coats=3", "--wet").options).toEqual({
      coats: 3,
      colorName: "red",
      finish: undefined,
      room: [],
      wet: true,
    });
    expect(input("house", "paint", "Elm St").options).toMatchObject({ coats: 2, wet: false, colorName: undefined });
  });

  test("positionals go by their order, options may stand between them", () => {
    expect(input("house", "paint", "Elm St", "-c", "red", "soon").positionals).toEqual({
      street: "Elm St",
      note: "soon",
    });
  });

  test("what may be repeated is collected, of the rest the last one counts", () => {
    const { options } = input("house", "paint", "x", "--room", "hall", "--coats", "1", "--room=attic", "--coats", "4");
    expect(options).toMatchObject({ room: ["hall", "attic"], coats: 4 });
  });

  test("behind -- nothing is an option", () => {
    expect(input("house", "paint", "--", "--wet", "-h").positionals).toEqual({ street: "--wet", note: "-h" });
  });

  test("a lone dash is a value", () => {
    expect(input("house", "paint", "x", "-c", "-").options["colorName"]).toBe("-");
    expect(input("house", "paint", "-").positionals["street"]).toBe("-");
  });

  test("a value may begin with a dash behind =", () => {
    expect(input("house", "paint", "x", "--color-name=-red").options["colorName"]).toBe("-red");
  });
});

test.each([
  [["hose", "paint"], "2 There is no command “hose”. Did you mean `openclaw house`?"],
  [["house", "paimt"], "2 There is no command “house paimt”. Did you mean `openclaw house paint`?"],
  [["zzz"], "2 There is no command “zzz”. Try `openclaw help`."],
  [["help", "stauts"], "2 There is no command “stauts”. Did you mean `openclaw status`?"],
  [["house"], "2 “house” needs a command behind it: paint, sell. Try `openclaw help house`."],
  [["house", "--wet"], "2 “house” needs a command behind it: paint, sell. Try `openclaw help house`."],
  [["status", "now"], "2 “now” is one word too many. Try `openclaw help status`."],
  [["house", "paint"], "2 <street> is missing: Where it stands. Try `openclaw help house paint`."],
  [
    ["house", "paint", "x", "--coat", "1"],
    "2 There is no option --coat for `openclaw house paint`. Did you mean --coats?",
  ],
  [
    ["house", "paint", "x", "--zzzz=1"],
    "2 There is no option --zzzz for `openclaw house paint`. Try `openclaw help house paint`.",
  ],
  [
    ["house", "paint", "x", "-z"],
    "2 There is no option -z for `openclaw house paint`. Try `openclaw help house paint`.",
  ],
  [["--verison"], "2 There is no option --verison before the command. Did you mean --version?"],
  [
    ["house", "paint", "x", "--color-name"],
    "2 --color-name needs a value. Write --color-name <name>, or --color-name=… when it begins with a dash.",
  ],
  [
    ["house", "paint", "x", "--color-name", "--wet"],
    "2 --color-name needs a value. Write --color-name <name>, or --color-name=… when it begins with a dash.",
  ],
  [["house", "paint", "x", "--wet=no"], "2 --wet takes no value. Write --wet alone."],
  [["house", "paint", "x", "--finish", "satin"], "2 --finish cannot be “satin”. It is one of: matt, gloss."],
  [["house", "paint", "x", "--coats", "10"], "2 --coats cannot be “10”. It is a whole number from 1 to 9."],
  [["house", "paint", "x", "--coats", "2.5"], "2 --coats cannot be “2.5”. It is a whole number from 1 to 9."],
  [["house", "paint", "x", "--coats", "1e0"], "2 --coats cannot be “1e0”. It is a whole number from 1 to 9."],
  [
    ["house", "paint", "x", "--__proto__", "1"],
    "2 There is no option --__proto__ for `openclaw house paint`. Try `openclaw help house paint`.",
  ],
  [
    ["house", "paint", "x", "--constructor"],
    "2 There is no option --constructor for `openclaw house paint`. Try `openclaw help house paint`.",
  ],
])("%j is refused, and what was meant is named", (argv, said) => {
  expect(complaint(...argv)).toBe(said);
});

describe("help and version come before complaints", () => {
  test.each([
    [[], []],
    [["--help"], []],
    [["-h"], []],
    [["help"], []],
    [["help", "house"], ["house"]],
    [["house", "--help"], ["house"]],
    [["--help", "house"], ["house"]],
    [
      ["help", "house", "paint"],
      ["house", "paint"],
    ],
    [
      ["house", "paint", "--help"],
      ["house", "paint"],
    ],
    [
      ["house", "paint", "--coats", "99", "--nope", "-h"],
      ["house", "paint"],
    ],
    [
      ["--help", "house", "paint"],
      ["house", "paint"],
    ],
  ])("%j is a wish for help on %j", (argv, topic) => {
    expect(parseCommandLine(commands, argv)).toMatchObject({ kind: "help", topic });
  });

  test.each([[["-V"]], [["--version"]], [["status", "--version"]], [["--no-color", "-V"]]])(
    "%j asks for the version",
    (argv) => {
      expect(parseCommandLine(commands, argv)).toEqual({ kind: "version" });
    },
  );

  test.each([[["--no-color", "status"]], [["status", "--no-color"]]])("%j wants no colour", (argv) => {
    expect(parseCommandLine(commands, argv)).toMatchObject({ kind: "run", noColor: true });
  });
});

test("the types of a command's input follow its specs", () => {
  type In<C> =
    C extends Command<infer O extends OptionSpecs, infer P extends PositionalSpecs>
      ? Parameters<Command<O, P>["run"]>[1]
      : never;
  // These lines are checked by the compiler; a wrong type is an error there.
  const check = (typed: In<typeof paint>) => {
    const coats: number = typed.options.coats;
    const color: string | undefined = typed.options.colorName;
    const street: string = typed.positionals.street;
    // @ts-expect-error it may be absent
    const note: string = typed.positionals.note;
    // @ts-expect-error there is no such option
    return [coats, color, street, note, typed.options.colour];
  };
  expect(check).toBeFunction();
});
