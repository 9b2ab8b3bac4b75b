import { expect, test } from "bun:test";
import type { OfficialClient } from "../support/openclaw-client.ts";
import { openOpenClawHouse as openHouse } from "../support/openclaw-house.ts";
import { deltaProblems, sessionRowProblems } from "../support/openclaw-schema.ts";
import { until } from "../support/until.ts";

interface Row {
  readonly role: string;
  readonly content: unknown;
  readonly __openclaw: { readonly seq: number; readonly id: string };
}

interface History {
  readonly kind?: string;
  readonly messages: Row[];
  readonly deltaCursor: string;
  readonly hasMore: boolean;
  readonly nextOffset?: number;
  readonly inputReceipts?: unknown;
  readonly sessionInfo?: unknown;
}

const history = (client: OfficialClient, more: Record<string, unknown> = {}) =>
  client.request<History>("chat.history", { sessionKey: "main", ...more });

const streamed = (client: OfficialClient) => client.heard("session.message").map(({ message }) => message as Row);

const say = (client: OfficialClient, message: string, idempotencyKey: string) =>
  client.request("chat.send", { sessionKey: "main", message, idempotencyKey });

const toolCall = { toolCall: { id: "c1", name: "write", args: { path: "n.txt", content: "x" } } };

test("who streamed and who reads again see the same rows: text, tools, an abort and a failure, for two clients", async () => {
  await using house = await openHouse(
    [
      "Hello there.",
      { parts: ["Let me ", "look.", toolCall] },
      { parts: ["It is ", "written."] },
      { parts: ["One ", "two ", new Promise(() => {}), "three"] },
    ],
    { caps: ["tool-events"] },
  );
  const { client } = house;
  await client.request("sessions.subscribe");
  const reader = await house.join({ caps: ["session-scoped-events"] });
  await reader.request("sessions.messages.subscribe", { key: "main" });

  await say(client, "hello", "text");
  await client.ending("text");
  await say(client, "write a note", "tool");
  await client.ending("tool");
  await say(client, "count", "stopped");
  await until("all that is said", () => JSON.stringify(client.heard("chat", "stopped")).includes("two"));
  await client.request("chat.abort", { sessionKey: "main" });
  await client.ending("stopped");
  await say(client, "and now", "failed");
  await client.ending("failed");
  await reader.ending("failed");

  const late = await house.join({ caps: [] });
  const { messages } = await history(late);
  const roles = ["user", "assistant"];
  expect(messages.map(({ role }) => role)).toEqual([
    ...roles,
    "user",
    "assistant",
    "toolResult",
    "assistant",
    ...roles,
    ...roles,
  ]);
  expect(streamed(client)).toEqual(messages);
  expect(streamed(reader)).toEqual(messages);
  expect(messages[3]?.content).toEqual([
    { type: "text", text: "Let me look." },
    { type: "toolCall", id: "c1", name: "write", arguments: { path: "n.txt", content: "x" } },
  ]);
  house.expectSchema();
});

test("the rows of a session come with what is told of it, and say when a run is over", async () => {
  await using house = await openHouse(["Hello there."]);
  const { client } = house;
  await client.request("sessions.subscribe");
  await say(client, "hello", "run-1");
  const changes = () => client.heard("sessions.changed");
  await until("the end of the change", () => changes().some(({ phase }) => phase === "end"));
  const told = [...changes(), ...client.heard("session.message")];
  expect(told.length).toBeGreaterThan(4);
  for (const payload of told) {
    const { session } = payload;
    expect(session).toMatchObject({ key: "agent:main:main", kind: "direct", isMain: true, modelProvider: "fake" });
    expect(sessionRowProblems(session)).toEqual([]);
    expect(payload).toMatchObject(session as object);
  }
  const during = changes().find(({ phase }) => phase === "start");
  expect(during).toMatchObject({ hasActiveRun: true, activeRunIds: ["run-1"], status: "running" });
  const ended = changes().find(({ phase }) => phase === "end");
  expect(ended).toMatchObject({ hasActiveRun: false, activeRunIds: [], status: "done", runId: "run-1" });
  expect(client.heard("session.message").at(-1)).toMatchObject({ lastMessagePreview: "Hello there." });
  const { usage } = await client.ending("run-1");
  const { input, output, cacheRead, cacheWrite, totalTokens } = usage as Record<string, number>;
  expect(totalTokens).toBe((input ?? 0) + (output ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0));
  expect(totalTokens).toBeGreaterThan(0);
  house.expectSchema();
});

test("a client that has read on is told only what is new to it, or to read all again", async () => {
  await using house = await openHouse(["one", "two", "three"]);
  const { client } = house;
  await say(client, "1", "run-1");
  await client.ending("run-1");
  const first = await history(client);
  expect(await history(client, { cursor: first.deltaCursor })).toMatchObject({ kind: "delta", messages: [] });
  await say(client, "2", "run-2");
  await client.ending("run-2");
  const news = await history(client, { cursor: first.deltaCursor, inputRunIds: ["run-2", "run-9"] });
  expect(deltaProblems(news)).toEqual([]);
  const whole = await history(client);
  expect(news.messages.map((one) => (one as unknown as { message: Row }).message)).toEqual(whole.messages.slice(2));
  const [, , question] = whole.messages;
  expect(news.inputReceipts).toEqual([
    { runId: "run-2", state: "consumed", consumedByEventId: question?.["__openclaw"].id },
  ]);
  expect(news.deltaCursor).toBe(whole.deltaCursor);
  expect(await history(client, { cursor: news.deltaCursor })).toMatchObject({ kind: "delta", messages: [] });
  // More than is asked for at once.
  expect(await history(client, { cursor: first.deltaCursor, limit: 1 })).toEqual({ kind: "reset" } as never);
  for (const cursor of ["", "nonsense", `${first.deltaCursor}9`, "other.1", first.deltaCursor.replace(/\d+$/, "x")]) {
    expect(await history(client, { cursor })).toEqual({ kind: "reset" } as never);
  }
  await client.request("sessions.reset", { key: "main" });
  expect(await history(client, { cursor: whole.deltaCursor })).toEqual({ kind: "reset" } as never);
});

test("a long history is leafed through page by page, each row once, none over its size", async () => {
  await using house = await openHouse((_call, index) => `answer ${index}`);
  const { client } = house;
  for (let i = 0; i < 6; i++) {
    await say(client, `question ${i}`, `run-${i}`);
    await client.ending(`run-${i}`);
  }
  const whole = await history(client);
  expect(whole.messages).toHaveLength(12);
  const leafed: Row[] = [];
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const page: History = await history(client, { limit: 5, offset });
    expect(page.messages.length).toBeLessThanOrEqual(5);
    leafed.unshift(...page.messages);
    expect(page.hasMore).toBe(page.nextOffset !== undefined);
    offset = page.nextOffset;
  }
  expect(leafed).toEqual(whole.messages);
  const small = await history(client, { maxBytes: 1_000 });
  expect(small.messages.length).toBeLessThan(12);
  expect(small.messages).toEqual(whole.messages.slice(-small.messages.length));
  expect(JSON.stringify(small.messages).length).toBeLessThan(1_100);
  expect(await history(client, { offset: 12 })).toMatchObject({ messages: [], hasMore: false });
});

test("what an operator puts into a conversation is shown as an answer, and is read again as one", async () => {
  await using house = await openHouse(["hi"]);
  const { client } = house;
  await expect(client.request("chat.inject", { sessionKey: "main", message: "x" })).rejects.toThrow("no session");
  await client.request("sessions.subscribe");
  await say(client, "hello", "run-1");
  await client.ending("run-1");
  const note = { sessionKey: "main", message: "The build is red.", label: "CI" };
  expect(await client.request("chat.inject", note)).toMatchObject({ ok: true, messageId: expect.any(String) });
  const shown = await until("what was put in", () =>
    client.heard("chat").find(({ runId }) => String(runId).startsWith("inject-")),
  );
  const content = [{ type: "text", text: "[CI]\n\nThe build is red." }];
  expect(shown).toMatchObject({ state: "final", seq: 0, message: { role: "assistant", content } });
  const { messages } = await history(client);
  expect(messages.at(-1)).toMatchObject({ role: "assistant", content });
  expect(streamed(client)).toEqual(messages);
  house.expectSchema();
});

test("setting the model of a conversation before its first word opens one session, not two", async () => {
  await using house = await openHouse(["hi"]);
  const { client } = house;
  await Promise.all([
    client.request("sessions.patch", { key: "main", model: "fake/other" }),
    say(client, "hello", "run-1"),
    client.request("sessions.patch", { key: "main", thinkingLevel: "low" }),
  ]);
  await client.ending("run-1");
  const { sessions } = await client.request<{ sessions: unknown[] }>("sessions.list");
  expect(sessions).toMatchObject([{ key: "agent:main:main", model: "other", thinkingLevel: "low" }]);
  expect(await history(client)).toMatchObject({ messages: [{ role: "user" }, { role: "assistant" }] });
});
