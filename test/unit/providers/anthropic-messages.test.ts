import { expect, test } from "bun:test";
import { MessageReader } from "../../../src/providers/anthropic-messages/answer.ts";
import { messagesBody } from "../../../src/providers/anthropic-messages/request.ts";
import { newRequest } from "../../support/ask-provider.ts";

const cached = { cache_control: { type: "ephemeral" } } as const;

test("results of parallel calls and what the user says next are one message, which ends in a cache mark", () => {
  const body = messagesBody(
    newRequest({
      system: "Be brief.",
      messages: [
        { role: "user", text: "go" },
        { role: "assistant", text: " \n", toolCalls: [{ id: "a.1", name: "read", args: { n: 1 } }] },
        { role: "tool", callId: "a.1", name: "read", text: "x", failed: true },
        { role: "user", text: "and now?" },
      ],
    }),
  );
  expect(body.system).toEqual([{ type: "text", text: "Be brief.", ...cached }]);
  expect(body.messages).toEqual([
    { role: "user", content: [{ type: "text", text: "go" }] },
    { role: "assistant", content: [{ type: "tool_use", id: "a_1", name: "read", input: { n: 1 } }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "a_1", content: "x", is_error: true },
        { type: "text", text: "and now?", ...cached },
      ],
    },
  ]);
});

function read(...events: object[]) {
  const reader = new MessageReader(newRequest());
  return events.flatMap((event) => reader.read(JSON.stringify(event)));
}

test("counts are totals: the last one of each counts, those of the cache too", () => {
  const usage = { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 30, cache_creation_input_tokens: 9 };
  const steps = read(
    { type: "message_start", message: { usage } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 44 } },
    { type: "message_stop" },
  );
  expect(steps).toEqual([
    { type: "done", stop: "stop", usage: { input: 5, output: 44, cacheRead: 30, cacheWrite: 9 } },
  ]);
});

test("a call whose input comes at once", () => {
  const block = { type: "tool_use", id: "a", name: "read", input: { n: 1 } };
  const steps = read(
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_stop", index: 0 },
    { type: "message_stop" },
  );
  expect(steps).toMatchObject([
    { type: "toolCall", id: "a", args: { n: 1 } },
    { type: "done", stop: "toolUse" },
  ]);
});

test("events that are new to us say nothing", () => {
  expect(read({ type: "ping" }, { type: "something_new", delta: { type: "new_delta", value: 1 } })).toEqual([]);
});

test("a full context window is a length limit", () => {
  const delta = { stop_reason: "model_context_window_exceeded" };
  expect(read({ type: "message_delta", delta }, { type: "message_stop" })).toMatchObject([
    { type: "done", stop: "length" },
  ]);
});
