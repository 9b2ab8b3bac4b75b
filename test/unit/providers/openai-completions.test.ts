import { expect, test } from "bun:test";
import { CompletionReader } from "../../../src/providers/openai-completions/answer.ts";
import { quirksOf } from "../../../src/providers/openai-completions/quirks.ts";
import { completionBody, completionText } from "../../../src/providers/openai-completions/request.ts";
import { newRequest } from "../../support/ask-provider.ts";

function read(...chunks: object[]) {
  const reader = new CompletionReader(newRequest());
  const steps = chunks.flatMap((chunk) => reader.read(JSON.stringify(chunk)));
  return [...steps, ...reader.read("[DONE]")];
}

const wholeCall = (id: string, n: number) =>
  delta({ tool_calls: [{ id, function: { name: "read", arguments: { n } } }] });
const delta = (content: object) => ({ choices: [{ delta: content, finish_reason: null }] });
const stop = { choices: [{ delta: {}, finish_reason: "stop" }] };
const done = { type: "done", stop: "stop", usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } } as const;

test.each([
  ["reasoning under its other name", { reasoning: "hm" }, { type: "thinking", delta: "hm" }],
  [
    "text in blocks",
    {
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
    { type: "text", delta: "ab" },
  ],
  ["a refusal in words", { refusal: "I will not." }, { type: "text", delta: "I will not." }],
  ["a role that makes no sense", { role: "user", content: "a" }, { type: "text", delta: "a" }],
])("%s is understood", (_what, content, part) => {
  expect<unknown[]>(read(delta(content), stop)).toEqual([part, done]);
});

test.each([
  ["no choices", { choices: null, usage: null }],
  ["an empty list of choices", { choices: [], prompt_filter_results: [{}] }],
  ["nothing at all", {}],
  ["nulls everywhere", delta({ content: null, reasoning_content: null, tool_calls: null, refusal: null })],
])("%s says nothing", (_what, chunk) => {
  expect<unknown[]>(read(chunk, stop)).toEqual([done]);
});

test("calls that are sent at once, as an object and without an index, with a finish that forgets them", () => {
  expect<unknown[]>(read(wholeCall("a", 1), wholeCall("b", 2), stop)).toEqual([
    { type: "toolCall", id: "a", name: "read", args: { n: 1 } },
    { type: "toolCall", id: "b", name: "read", args: { n: 2 } },
    { ...done, stop: "toolUse" },
  ]);
});

test("usage leaves the cached tokens out of the input, however they are called", () => {
  const openai = { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 60 } };
  const deepseek = { prompt_tokens: 100, completion_tokens: 7, prompt_cache_hit_tokens: 60 };
  for (const usage of [openai, deepseek]) {
    expect(read(stop, { choices: [], usage }).at(-1)).toMatchObject({
      usage: { input: 40, output: 7, cacheRead: 60, cacheWrite: 0 },
    });
  }
});

test("an end without any answer is a bad response", () => {
  expect(read()).toMatchObject([{ type: "failure", failure: { kind: "badResponse" } }]);
});

test("extras go to the hosts that know them, and to nobody who has only the name", () => {
  const request = newRequest({ sessionId: "s-1", maxTokens: 50 });
  expect(completionBody(request, quirksOf("api.openai.com"))).toMatchObject({
    max_completion_tokens: 50,
    prompt_cache_key: "s-1",
    stream_options: { include_usage: true },
  });
  const usual = completionBody(request, quirksOf("api.openai.com.example.org"));
  expect(usual).toMatchObject({ max_tokens: 50, stream_options: { include_usage: true } });
  expect(Object.keys(usual)).not.toContain("prompt_cache_key");
});

const tool = (name: string) => ({ name, description: `“${name}”`, params: { type: "object", properties: {} } });

test("what is sent is the request as JSON, with the tools of this request, however often some are asked with", () => {
  const [some, others] = [[tool("read"), tool("write")], [tool("look")]];
  for (const tools of [some, [], others, some]) {
    const request = newRequest({ tools, messages: [{ role: "user", text: `with ${tools.length}` }] });
    const sent: unknown = JSON.parse(completionText(request, quirksOf("localhost")));
    expect(sent).toEqual(JSON.parse(JSON.stringify(completionBody(request, quirksOf("localhost")))));
    expect(Object.hasOwn(Object(sent), "tools")).toBe(tools.length > 0);
  }
});

test("where call ids must be short, they are, and still lead from result to call", () => {
  const messages = [
    { role: "user", text: "go" },
    { role: "assistant", text: "", toolCalls: [{ id: "functions.read:0", name: "read", args: {} }] },
    { role: "tool", callId: "functions.read:0", name: "read", text: "x", failed: false },
  ] as const;
  const body = completionBody(newRequest({ messages }), quirksOf("api.mistral.ai"));
  expect(body).not.toHaveProperty("stream_options");
  const [, , asked, result] = body.messages;
  const callId = asked?.role === "assistant" ? asked.tool_calls?.[0]?.id : undefined;
  expect(callId).toMatch(/^[a-z0-9]{9}$/);
  expect(result).toMatchObject({ role: "tool", tool_call_id: callId });
});
