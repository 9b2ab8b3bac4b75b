import { Value } from "@sinclair/typebox/value";
import { describe, expect, test } from "bun:test";
import type { ConversationMessage } from "#protocol";
import type { ModelRequest } from "#providers";
import { tools } from "#tools";
import { ask, callsOf, doneOf, openProvider, textOf } from "../../support/ask-provider.ts";

const before: ConversationMessage[] = [
  { role: "user", text: "my name is Ada" },
  { role: "assistant", text: "Demo model: you said “my name is Ada”.", toolCalls: [] },
];

async function say(text: string, request: Partial<ModelRequest> = {}) {
  const { provider } = await openProvider("demo");
  const events = await ask(provider, { messages: [...before, { role: "user", text }], tools, ...request });
  return { events, text: textOf(events), calls: callsOf(events), done: doneOf(events) };
}

test("the first answer says what it is and how to get a real model", async () => {
  const { text } = await say("", { messages: [{ role: "user", text: "hello" }] });
  expect(text).toContain("built-in demo model");
  expect(text).toContain("[models.providers.openai]");
  expect(text).toEndWith("Demo model: you said “hello”.");
});

test.each([
  ["hi there", "Demo model: you said “hi there”."],
  ["count to 5", "Demo model: 1 2 3 4 5"],
  ["Count up to 0", "Demo model: nothing to count."],
  ["echo  two  spaces", "Demo model: two  spaces"],
  ["what did I say?", "Demo model: you said “my name is Ada”."],
])("to %p it says %p", async (asked, answer) => {
  const { text, calls, done } = await say(asked);
  expect(text).toBe(answer);
  expect(calls).toEqual([]);
  expect(done.stop).toBe("stop");
});

test("it speaks in small pieces, and counts only so far", async () => {
  const { events, text } = await say("count to 999999999");
  expect(text).toContain(" 1000 … and that is as far as I count.");
  expect(events.length).toBeGreaterThan(1_000);
});

describe("tools", () => {
  test.each([
    ["run: ls -la | wc -l", "bash", { command: "ls -la | wc -l" }],
    ["Run the command `echo 'hi'`", "bash", { command: "echo 'hi'" }],
    ["read notes/today.md", "read", { path: "notes/today.md" }],
    ["write a.txt: one\ntwo: three", "write", { path: "a.txt", content: "one\ntwo: three" }],
    ["search for lost keys", "search", { query: "lost keys" }],
  ])("%p calls %s as the real one takes it", async (asked, name, args) => {
    const { calls, done, text } = await say(asked);
    const schema = tools.find((tool) => tool.name === name)?.params;
    expect(schema && Value.Check(schema, calls[0]?.args)).toBe(true);
    expect(calls).toMatchObject([{ name, args }]);
    expect(text).toStartWith("Demo model: ");
    expect(done.stop).toBe("toolUse");
  });

  test("one that is not on offer is not called", async () => {
    const { calls, text } = await say("run: ls", { tools: [] });
    expect(calls).toEqual([]);
    expect(text).toContain("“bash”");
  });

  test("what it said is reported, also when it failed, and then it is the user's turn", async () => {
    const asked: ConversationMessage[] = [
      ...before,
      { role: "user", text: "run: ls" },
      { role: "assistant", text: "", toolCalls: [{ id: "demo-1", name: "bash", args: {} }] },
    ];
    const result = { role: "tool", callId: "demo-1", name: "bash", text: "a.txt", failed: false } as const;
    const worked = await say("", { messages: [...asked, result] });
    expect(worked.text).toBe("Demo model: the tool “bash” says:\na.txt");
    expect(worked.calls).toEqual([]);
    const failed = await say("", { messages: [...asked, { ...result, text: "no such file", failed: true }] });
    expect(failed.text).toBe("Demo model: the tool “bash” failed: no such file");
    const next = await say("", { messages: [...asked, result, { role: "user", text: "run: pwd" }] });
    expect(next.calls).toMatchObject([{ id: "demo-2", args: { command: "pwd" } }]);
  });
});

test("the same conversation gets the same answer", async () => {
  expect((await say("run: date")).events).toEqual((await say("run: date")).events);
});
