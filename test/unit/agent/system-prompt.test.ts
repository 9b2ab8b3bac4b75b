import { createSystemPrompt } from "#agent";
import { expect, test } from "bun:test";

function workspace(files: Record<string, string>) {
  const reads: string[] = [];
  const prompt = createSystemPrompt({
    read: async (name) => {
      reads.push(name);
      return files[name];
    },
    mark: () => JSON.stringify(files),
  });
  return { files, prompt, reads };
}

test("the files of the workspace are in it, in their order", async () => {
  const { prompt } = workspace({ "USER.md": "Ada.", "AGENTS.md": "Be kind." });
  expect(await prompt()).toMatch(/## AGENTS\.md\n\nBe kind\.\n\n## USER\.md\n\nAda\./);
});

test("it is built again only when a file changed", async () => {
  const { files, prompt, reads } = workspace({ "SOUL.md": "calm" });
  await prompt();
  await prompt();
  expect(reads).toHaveLength(6);
  files["SOUL.md"] = "bold";
  expect(await prompt()).toContain("bold");
});

test("a file that is too long is cut, and the prompt says by how much", async () => {
  const { prompt } = workspace({ "MEMORY.md": "m".repeat(20_500) });
  const text = await prompt();
  expect(text).toContain("[500 more characters were left out]");
  expect(text.length).toBeLessThan(22_000);
});

test("all files together have a limit", async () => {
  const huge = "x".repeat(20_000);
  const files = { "AGENTS.md": huge, "SOUL.md": huge, "IDENTITY.md": huge, "TOOLS.md": huge, "USER.md": huge };
  expect((await workspace(files).prompt()).length).toBeLessThan(63_000);
});
