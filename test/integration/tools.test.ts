import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ToolboxAtHand, toolboxAtHand } from "../support/toolbox.ts";

describe("bash", () => {
  test.each([
    ["echo hi; echo oops >&2", "hi\noops", false],
    ["true", "(no output)", false],
    ["echo no; exit 3", "no\n[exit code 3]", true],
    ["exit 1", "[exit code 1]", true],
    ["printf '\\033[31mred\\033[0m\\n'", "red", false],
    ["cat", "(no output)", false],
    ["a=(x y); echo ${a[1]}", "y", false],
    ["echo a; sleep 100", "a\n[ended after 1 seconds, its timeout]", true],
  ])("%s", async (command, text, failed) => {
    await using at = await toolboxAtHand();
    expect(await at.use("bash", { command, timeoutSeconds: 1 })).toMatchObject({ text, failed });
  });

  test("a call that names no time has the settings' time", async () => {
    await using at = await toolboxAtHand({ settings: { commandTimeoutSeconds: 1 } });
    expect((await at.use("bash", { command: "sleep 100" })).text).toBe("[ended after 1 seconds, its timeout]");
    expect((await at.use("bash", { command: "true", timeoutSeconds: 601 })).text).toContain("/timeoutSeconds: ");
  });

  test("of a long output, the model reads the beginning, the end and how it ended", async () => {
    await using at = await toolboxAtHand({ settings: { outputCharacters: 2_000 } });
    const { text } = await at.use("bash", { command: "echo first; seq 100000; echo last; exit 9" });
    expect(text.length).toBeLessThanOrEqual(2_000);
    expect(text).toStartWith("first\n1\n2\n");
    expect(text).toEndWith("100000\nlast\n[exit code 9]");
    expect(text).toContain("bytes left out");
  });

  test("without the sandbox that is asked for, nothing is run and the model is told why", async () => {
    await using at = await toolboxAtHand({ mode: "always", bwrap: "/nowhere/bwrap" });
    const { text, failed } = await at.use("bash", { command: "touch ran" });
    expect(failed).toBeTrue();
    expect(text).toStartWith("The command was not run. /nowhere/bwrap does not start.");
    expect(await readdir(at.workspace)).toEqual([]);
  });

  test("it sees the files the other tools write, by the same path", async () => {
    await using at = await toolboxAtHand();
    await at.use("write", { path: "dir/x.txt", content: "from write" });
    expect(
      (await at.use("bash", { command: `cat ${at.workspace}/dir/x.txt; echo " and bash" >>dir/x.txt` })).text,
    ).toBe("from write");
    expect((await at.use("read", { path: `${at.workspace}/dir/x.txt` })).text).toBe("from write and bash");
  });
});

describe("read", () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i + 1}`);

  test("goes through a long file page by page, and misses nothing", async () => {
    await using at = await withFile(`${lines.join("\n")}\n`);
    const seen: string[] = [];
    let offset = 1;
    for (let pages = 0; pages < 10; pages++) {
      const { text } = await at.use("read", { path: "f", offset });
      const [, next] = /; go on with offset (\d+)\]$/.exec(text) ?? [];
      seen.push(...text.split("\n").filter((line) => line.startsWith("line ")));
      if (next === undefined) break;
      offset = Number(next);
    }
    expect(seen).toEqual(lines);
  });

  test.each([
    [{ offset: 10, limit: 2 }, "line 10\nline 11\n[lines 10 to 11 of 5000; go on with offset 12]"],
    [{ offset: 4_999 }, "line 4999\nline 5000\n[lines 4999 to 5000 of 5000]"],
    [{ offset: 5_001 }, "There is no line 5001: the file has 5000."],
  ])("%j", async (page, text) => {
    await using at = await withFile(`${lines.join("\n")}\n`);
    expect((await at.use("read", { path: "f", ...page })).text).toBe(text);
  });

  test.each([
    ["", "(the file is empty)"],
    ["one", "one"],
    ["one\n", "one"],
    ["a\r\nb\r\n", "a\r\nb\r"],
    ["\n", ""],
    ["é👋\n\n\nz", "é👋\n\n\nz"],
  ])("%j comes as it is", async (content, text) => {
    await using at = await withFile(content);
    expect(await at.use("read", { path: "f" })).toMatchObject({ text, failed: false });
  });

  test("a line that is too long is cut, with the way on", async () => {
    await using at = await withFile(`${"x".repeat(100_000)}\nsecond\n`);
    const { text } = await at.use("read", { path: "f" });
    expect(text).toEndWith("[line 1 of 2 is 100000 characters long and cut here; go on with offset 2]");
    expect(text.length).toBeLessThan(33_000);
    expect((await at.use("read", { path: "f", offset: 2 })).text).toStartWith("second\n");
  });

  test.each([
    ["\x89PNG\r\n\x1a\n\0\0\0", "a PNG image, 11 bytes"],
    ["abc\0def", "binary data, 7 bytes"],
    ["caf\xe9", "binary data, 4 bytes"],
  ])("%j is refused by what it is", async (content, because) => {
    await using at = await withFile(Buffer.from(content, "latin1"));
    expect(await at.use("read", { path: "f" })).toMatchObject({ failed: true, text: expect.stringContaining(because) });
  });
});

describe("write", () => {
  test("says whether the file is new, and how large it is", async () => {
    await using at = await toolboxAtHand();
    expect((await at.use("write", { path: "a/b/c.txt", content: "grüße" })).text).toBe("Created a/b/c.txt (7 bytes).");
    expect((await at.use("write", { path: "a/b/c.txt", content: "" })).text).toBe("Overwrote a/b/c.txt (0 bytes).");
    expect(await readFile(join(at.workspace, "a/b/c.txt"), "utf8")).toBe("");
  });

  test("refuses what is too large, by bytes", async () => {
    await using at = await toolboxAtHand();
    expect(await at.use("write", { path: "f", content: "ü".repeat(3 * 2 ** 20) })).toMatchObject({
      failed: true,
      text: expect.stringContaining("at most 5242880"),
    });
    expect(await readdir(at.workspace)).toEqual([]);
  });
});

describe("edit", () => {
  test.each([
    ["replaces the one occurrence", "a b c", { oldText: "b", newText: "x" }, "a x c"],
    ["takes special replacement patterns as text", "a b c", { oldText: "b", newText: "$&$1$$" }, "a $&$1$$ c"],
    ["can remove", "a b c", { oldText: " b", newText: "" }, "a c"],
    ["replaces all when asked", "b b b", { oldText: "b", newText: "bb", replaceAll: true }, "bb bb bb"],
    ["keeps Windows line ends", "a\r\nb\r\nc\r\n", { oldText: "a\nb", newText: "x\ny\nz" }, "x\r\ny\r\nz\r\nc\r\n"],
    ["does not double them", "a\r\nb\r\n", { oldText: "a\r\nb", newText: "x\r\ny" }, "x\r\ny\r\n"],
    ["leaves mixed line ends alone", "a\r\nb\nc\n", { oldText: "b\nc", newText: "x\ny" }, "a\r\nx\ny\n"],
    ["keeps a byte order mark", "\uFEFFa b", { oldText: "b", newText: "c" }, "\uFEFFa c"],
  ])("%s", async (_what, before, args, after) => {
    await using at = await withFile(before);
    const outcome = await at.use("edit", { path: "f", ...args });
    expect(outcome.failed, outcome.text).toBeFalse();
    expect(await readFile(join(at.workspace, "f"), "utf8")).toBe(after);
  });

  test.each([
    ["not found", { oldText: "z", newText: "x" }, "was not found"],
    ["found more than once", { oldText: "a", newText: "x" }, "found 3 times"],
    ["no change", { oldText: "b", newText: "b" }, "are the same"],
    ["nothing to find", { oldText: "", newText: "b" }, "/oldText: "],
  ])("%s is told, and nothing is written", async (_what, args, because) => {
    await using at = await withFile("a a a b");
    expect(await at.use("edit", { path: "f", ...args })).toMatchObject({
      failed: true,
      text: expect.stringContaining(because),
    });
    expect(await readFile(join(at.workspace, "f"), "utf8")).toBe("a a a b");
  });

  test("a file that is none, or is no text, is told", async () => {
    await using at = await withFile("a\0b");
    expect((await at.use("edit", { path: "f", oldText: "a", newText: "b" })).text).toContain("binary data");
    expect((await at.use("edit", { path: "g", oldText: "a", newText: "b" })).text).toBe('"g" does not exist.');
  });
});

describe("search", () => {
  const left = "[1 binary, large or unreadable files left out]";

  test.each([
    [
      { query: "hello", kind: "content" },
      `README.md:1: Hello World\nsrc/a.ts:1: const hello = 1;\nsrc/a.ts:3:   hello();\nsrc/deep/b.test.ts:1: HELLO (a+)+$\n${left}`,
    ],
    [
      { query: "hello", kind: "content", caseSensitive: true },
      `src/a.ts:1: const hello = 1;\nsrc/a.ts:3:   hello();\n${left}`,
    ],
    [{ query: "(a+)+$", kind: "content", path: "src" }, "src/deep/b.test.ts:1: HELLO (a+)+$"],
    [{ query: "hello", kind: "content", glob: "*.md" }, "README.md:1: Hello World"],
    [{ query: "hello", kind: "content", glob: "src/*.ts" }, "src/a.ts:1: const hello = 1;\nsrc/a.ts:3:   hello();"],
    [{ query: "hello", kind: "content", path: "src/a.ts" }, "src/a.ts:1: const hello = 1;\nsrc/a.ts:3:   hello();"],
    [
      { query: "hello", kind: "content", most: 2 },
      "README.md:1: Hello World\nsrc/a.ts:1: const hello = 1;\n[there are more]",
    ],
    [{ query: "absent", kind: "content", path: "src" }, "Nothing was found."],
    [{ query: ".TS", kind: "name" }, "src/a.ts\nsrc/deep/b.test.ts"],
    [{ query: "*.ts", kind: "name" }, "src/a.ts\nsrc/deep/b.test.ts"],
    [{ query: "src/*.ts", kind: "name" }, "src/a.ts"],
    [{ query: "ts", kind: "name", most: 1 }, "src/a.ts\n[1 more]"],
    [{ query: "x", kind: "content", path: "missing" }, '"missing" does not exist.'],
  ])("%j", async (args, text) => {
    await using at = await project();
    expect((await at.use("search", args)).text).toBe(text);
  });

  test("hostile patterns and large files take no time", async () => {
    await using at = await project();
    await writeFile(join(at.workspace, "large"), `${"a".repeat(1_900_000)}\n`);
    const startedAt = performance.now();
    await at.use("search", { query: "(a+)+$", kind: "content" });
    await at.use("search", { query: `${"*a".repeat(90)}b`, kind: "name" });
    await at.use("search", { query: "a", kind: "content", glob: `${"{a*,*a,**}".repeat(15)}x` });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

async function withFile(content: string | Uint8Array): Promise<ToolboxAtHand> {
  const at = await toolboxAtHand();
  await writeFile(join(at.workspace, "f"), content);
  return at;
}

async function project() {
  const at = await toolboxAtHand();
  const files = {
    "README.md": "Hello World\nnothing\n",
    "src/a.ts": "const hello = 1;\n\n  hello();\n",
    "src/deep/b.test.ts": "HELLO (a+)+$\n",
    "node_modules/x/index.js": "hello",
    ".git/config": "hello",
    "image.bin": "hello\0",
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(at.workspace, path, ".."), { recursive: true });
    await writeFile(join(at.workspace, path), content);
  }
  return at;
}
