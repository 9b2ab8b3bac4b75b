import { createLog } from "#base";
import { JailError } from "#sandbox";
import { type Tool, tools } from "#tools";
import { KindGuard, type TSchema, Type } from "@sinclair/typebox";
import { describe, expect, test } from "bun:test";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SRC } from "../arch/source.ts";
import { toolboxAtHand } from "../support/toolbox.ts";

/** A call of each tool that succeeds in a workspace with a file `a.txt`: a new tool must be added here. */
const goodCalls: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  bash: { command: "echo hello" },
  edit: { path: "a.txt", oldText: "hello", newText: "bye" },
  nodes: { action: "list" },
  read: { path: "a.txt" },
  save_attachment: { blob: "a".repeat(64) },
  search: { query: "hello", kind: "content" },
  send_file: { path: "a.txt" },
  write: { path: "b.txt", content: "new" },
};

/** What these change need not be in the workspace. */
const worksElsewhere: readonly string[] = ["bash", "nodes", "send_file"];

async function workspace() {
  const at = await toolboxAtHand();
  await writeFile(join(at.workspace, "a.txt"), "hello\n");
  await writeFile(join(at.workspace, "../secret"), "CANARY");
  await symlink("../secret", join(at.workspace, "link"));
  return at;
}

test("the list is alphabetical, and there is a file for each tool and a call for each test", async () => {
  const names = tools.map(({ name }) => name);
  expect(names).toEqual(names.toSorted());
  const files = await readdir(join(SRC, "tools"));
  const defining = await Promise.all(
    files.map(async (file) =>
      (await readFile(join(SRC, "tools", file), "utf8")).includes("= defineTool({") ? [file.replace(".ts", "")] : [],
    ),
  );
  expect(defining.flat().toSorted()).toEqual(names);
  expect(Object.keys(goodCalls).toSorted()).toEqual(names);
});

describe.each(tools.map((tool) => [tool.name, tool] as const))("%s", (name, tool) => {
  const goodCall = goodCalls[name] ?? {};
  const params: TSchema = tool.params;

  test("tells the model what it does and what it takes", () => {
    expect(name).toMatch(/^[a-z][a-z0-9_]{0,63}$/);
    expect(tool.description.length).toBeGreaterThan(40);
    expect(KindGuard.IsObject(params)).toBeTrue();
    expect(params["additionalProperties"]).toBeFalse();
    const properties: Record<string, TSchema> = params["properties"];
    for (const [key, schema] of Object.entries(properties)) {
      expect(key).toMatch(/^[a-z][a-zA-Z0-9]*$/);
      expect(schema.description?.length ?? 0, key).toBeGreaterThan(10);
    }
    expect(JSON.parse(JSON.stringify(params))).toMatchObject({ type: "object" });
  });

  test("has a bound on its time", () => {
    expect(tool.timeoutMs).toBeGreaterThan(0);
    expect(tool.timeoutMs).toBeLessThanOrEqual(15 * 60_000);
  });

  test("does what it is for", async () => {
    await using at = await workspace();
    const outcome = await at.use(name, goodCall);
    expect(outcome.failed, outcome.text).toBeFalse();
    expect(outcome.text).not.toBe("");
    expect(outcome.durationMs).toBeGreaterThanOrEqual(0);
  });

  test("changes nothing when it says that it is read-only", async () => {
    await using at = await workspace();
    const state = async () =>
      Promise.all(
        (await readdir(at.workspace, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map(({ parentPath, name: file }) => join(parentPath, file))
          .toSorted()
          .map(async (file) => [file, await readFile(file, "utf8")]),
      );
    const before = await state();
    await at.use(name, goodCall);
    if (tool.effect === "none") expect(await state()).toEqual(before);
    else if (!worksElsewhere.includes(name)) expect(await state()).not.toEqual(before);
  });

  test("names what is wrong with its arguments", async () => {
    await using at = await workspace();
    const required = Object.keys(goodCall);
    for (const key of required) {
      const { [key]: _left, ...rest } = goodCall;
      expect(await at.use(name, rest)).toMatchObject({ failed: true, text: expect.stringContaining(`/${key}: `) });
      expect(await at.use(name, { ...goodCall, [key]: { not: "this" } })).toMatchObject({
        failed: true,
        text: expect.stringContaining(`/${key}: `),
      });
    }
    expect(await at.use(name, { ...goodCall, surprise: 1 })).toMatchObject({
      failed: true,
      text: expect.stringContaining("/surprise: Unexpected property"),
    });
    for (const args of [undefined, null, "text", 7, []]) {
      expect(await at.use(name, args)).toMatchObject({ failed: true, text: expect.stringContaining("arguments") });
    }
  });

  test("takes no path to the outside", async () => {
    await using at = await workspace();
    const properties: Record<string, TSchema> = params["properties"];
    if (!("path" in properties)) return;
    for (const path of [
      "../secret",
      "link",
      `${at.workspace}/../secret`,
      "/etc/passwd",
      "a\0",
      "~/x",
      "file:///etc/passwd",
      `${at.stateDir}/x`,
    ]) {
      const outcome = await at.use(name, { ...goodCall, path });
      expect(outcome.failed, path).toBeTrue();
      expect(outcome.text).not.toMatch(/CANARY|root:|incident/);
    }
    expect(await readFile(join(at.workspace, "../secret"), "utf8")).toBe("CANARY");
  });

  test("ends promptly when it is cancelled, before or during the run", async () => {
    await using at = await workspace();
    expect(await at.use(name, goodCall, AbortSignal.abort())).toMatchObject({ failed: true, text: "Cancelled." });
    const args = name === "bash" ? { command: "sleep 100" } : goodCall;
    const outcome = await at.use(name, args, AbortSignal.timeout(20));
    expect(outcome.durationMs).toBeLessThan(2_500);
    if (name === "bash") expect(outcome).toMatchObject({ failed: true, text: "[cancelled]" });
  });
});

describe("the toolbox", () => {
  test("tells of an unknown tool, and of the one that may have been meant", async () => {
    await using at = await toolboxAtHand({ settings: { deny: ["bash"] } });
    expect(await at.use("reed", {})).toMatchObject({
      failed: true,
      text: 'There is no tool "reed". Did you mean read? The tools are: edit, nodes, read, save_attachment, search, send_file, write.',
    });
    expect((await at.use("bash", { command: "true" })).text).toContain("There is no tool");
  });

  test("has what is allowed and not denied, and warns of names that are nobody's", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "warn", write: (line) => lines.push(line) });
    await using at = await toolboxAtHand({ settings: { allow: ["read", "write", "telepathy"], deny: ["write"] }, log });
    expect((await at.use("x", {})).text).toEndWith("The tools are: read.");
    expect(lines.join()).toContain("telepathy");
  });

  test("turns a tool that breaks into a number, and logs the stack under it", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "error", write: (line) => lines.push(line) });
    const breaks = faulty(() => Promise.reject(new TypeError("the inner secret")));
    await using at = await toolboxAtHand({ tools: [breaks], log });
    const outcome = await at.use("faulty", {});
    expect(outcome.failed).toBeTrue();
    expect(outcome.text).not.toContain("inner secret");
    const incident = /incident ([0-9a-f-]{36})/.exec(outcome.text)?.[1] ?? "none";
    expect(lines.find((line) => line.includes(incident))).toContain("the inner secret");
  });

  test("tells the model what the jail said", async () => {
    await using at = await toolboxAtHand({ tools: [faulty(() => Promise.reject(new JailError("that is outside")))] });
    expect(await at.use("faulty", {})).toMatchObject({ failed: true, text: "that is outside." });
  });

  test("ends a tool after its time; one that does not end is left behind", async () => {
    const obedient = faulty(
      (_args, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
      50,
    );
    await using at = await toolboxAtHand({
      tools: [obedient, { ...faulty(() => new Promise(() => {}), 50), name: "deaf" }],
    });
    const [first, second] = await Promise.all([at.use("faulty", {}), at.use("deaf", {})]);
    expect(first).toMatchObject({ failed: true, text: "faulty did not end within 0.05 seconds." });
    expect(second).toMatchObject({ failed: true, text: "deaf did not end within 0.05 seconds." });
    expect(first.durationMs).toBeLessThan(1_000);
    expect(second.durationMs).toBeLessThan(5_000);
  });

  test("cuts a long output in its middle", async () => {
    const chatty = faulty(() => Promise.resolve({ text: `begin${"👋".repeat(50_000)}end` }));
    await using at = await toolboxAtHand({ tools: [chatty], settings: { outputCharacters: 5_000 } });
    const { text } = await at.use("faulty", {});
    expect(text.length).toBeLessThanOrEqual(5_000);
    expect(text).toStartWith("begin👋");
    expect(text).toEndWith("👋end");
    expect(text).toMatch(/\n\[… \d+ characters left out …\]\n/);
    expect(text.isWellFormed()).toBeTrue();
  });

  test("passes on why arguments could not be parsed", async () => {
    await using at = await toolboxAtHand();
    const call = { name: "read", args: undefined, argsProblem: "The arguments are no JSON: unexpected end." };
    expect(await at.toolbox.run(call, new AbortController().signal)).toMatchObject({
      failed: true,
      text: call.argsProblem,
    });
  });

  test("shows the model each tool's name, description and parameters, and no more", async () => {
    await using at = await toolboxAtHand();
    expect(at.toolbox.specs().map((spec) => Object.keys(spec))).toEqual(
      tools.map(() => ["name", "description", "params"]),
    );
    expect(at.toolbox.find("read")?.effect).toBe("none");
    expect(at.toolbox.find("nothing")).toBeUndefined();
  });
});

/** A tool that does what a test wants. */
function faulty(run: Tool["run"], timeoutMs = 1_000): Tool {
  return { name: "faulty", description: "For tests.", params: Type.Object({}), effect: "none", timeoutMs, run };
}
