import { expect, test } from "bun:test";
import { openOpenClawHouse as openHouse } from "../support/openclaw-house.ts";
import { resultProblems } from "../support/openclaw-schema.ts";
import { until } from "../support/until.ts";

interface Row {
  readonly role: string;
  readonly content: { readonly text: string }[];
  readonly idempotencyKey?: string;
}

async function open(script: Parameters<typeof openHouse>[0]) {
  const house = await openHouse(script);
  const { client } = house;
  const send = (message: string, idempotencyKey: string, more = {}) =>
    client.request("chat.send", { sessionKey: "main", message, idempotencyKey, ...more });
  return {
    house,
    client,
    send,
    /** What is answered to it. */
    ask: async (message: string, idempotencyKey: string = crypto.randomUUID()) => {
      await send(message, idempotencyKey);
      const { message: answer } = await client.ending(idempotencyKey);
      return (answer as Row).content[0]?.text;
    },
    rows: async () => (await client.request<{ messages: Row[] }>("chat.history", { sessionKey: "main" })).messages,
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
}

test("the commands that are listed are answered without a model, and each of them is in the history", async () => {
  await using opened = await open([]);
  const { house, client, ask, rows } = opened;
  const listed = await client.request<{ commands: { textAliases: string[] }[] }>("commands.list", { scope: "text" });
  expect(resultProblems("commands.list", listed)).toEqual([]);
  expect(await client.request("commands.list", { scope: "native" })).toEqual(listed);
  await client.request("config.patch", { raw: JSON.stringify({ commands: { native: false } }) });
  expect(await client.request("commands.list", { scope: "native" })).toEqual({ commands: [] });
  await client.request("config.patch", { raw: JSON.stringify({ commands: { native: true } }) });
  const spellings = listed.commands.flatMap(({ textAliases }) => textAliases);
  expect(spellings).toContain("/new");
  for (const spelling of spellings) expect(await ask(spelling), spelling).toBeString();
  expect(house.model.requests).toEqual([]);
  const help = await ask("  /HELP  ");
  for (const spelling of spellings) expect(help).toContain(spelling);
  const [question, answer] = (await rows()).slice(-2);
  expect(question).toMatchObject({ role: "user", content: [{ text: "  /HELP  " }] });
  expect(answer).toMatchObject({ role: "assistant", model: "gateway-injected" });
  expect((await client.request<{ metadata: object }>("chat.startup", { sessionKey: "main" })).metadata).toMatchObject({
    commands: listed.commands,
    models: [{ id: "fake-1" }],
  });
});

test("a command does what its method does, and the model reads nothing of it", async () => {
  await using opened = await open(["first", "second"]);
  const { house, client, ask, rows } = opened;
  expect(await ask("/model fake/other")).toBe("Model: fake/other");
  expect(await ask("/think low")).toBe("Thinking: low");
  expect(await client.request("sessions.describe", { key: "main" })).toMatchObject({
    session: { model: "other", thinkingLevel: "low" },
  });
  expect(await ask("/model")).toContain("Model: fake/other");
  expect(await ask("/model default")).toBe("Model: fake/fake-1 (configured)");
  await expect(ask("/model nobody/knows")).rejects.toThrow("There is no model");
  await expect(ask("/think enormously")).rejects.toThrow("one of off, low, medium, high");
  await expect(ask("/reset everything")).rejects.toThrow("nothing may stand behind /reset");
  expect(await ask("/status")).toContain("Turns: 0 running");
  expect(await ask("hello")).toBe("first");
  expect(JSON.stringify(house.model.requests[0])).not.toContain("/model");
  expect(await ask("/new", "new-1")).toBe("This is a new conversation.");
  expect((await rows()).map(({ content }) => content[0]?.text)).toEqual(["/new", "This is a new conversation."]);
  expect((await rows())[0]).toMatchObject({ idempotencyKey: "new-1:user" });
  expect(await ask("again")).toBe("second");
  expect(JSON.stringify(house.model.requests[1])).not.toContain("hello");
  house.expectSchema();
});

test("a command that is sent again is not done again, and its key is its own", async () => {
  await using opened = await open(["hi", "more"]);
  const { client, ask, send, rows } = opened;
  expect(await ask("/reset", "key-1")).toBeString();
  expect(await ask("hello")).toBe("hi");
  expect(await send("/reset", "key-1")).toEqual({ runId: "key-1", status: "ok" });
  expect(await rows()).toHaveLength(4);
  await expect(send("/stop", "key-1")).rejects.toThrow("used with another request");
  await expect(send("hello", "key-1")).rejects.toThrow("used with another request");
  expect(await client.request("agent.wait", { runId: "key-1" })).toMatchObject({ status: "ok" });
});

test("/stop ends what runs, and is answered itself", async () => {
  await using opened = await open([{ parts: ["One ", new Promise(() => {})] }]);
  const { client, ask, send } = opened;
  await send("count", "run-1");
  await until("a word", () => client.heard("chat", "run-1")[0]);
  expect(await ask("/stop")).toBe("Stopped.");
  expect(await client.ending("run-1")).toMatchObject({ state: "aborted" });
  expect(await ask("/stop")).toBe("There was nothing to stop.");
});

test.each([
  ["a word that is no command of ours", "/config set gateway.port 1"],
  ["a path", "/etc/passwd is what?"],
  ["a command amid the text", "please /reset"],
  ["a command in a second line", "hello\n/reset"],
  ["a longer word", "/resettle"],
])("%s goes to the model as it is", async (_what, message) => {
  await using opened = await open(["said"]);
  const { house, ask } = opened;
  expect(await ask(message)).toBe("said");
  expect(JSON.stringify(house.model.requests[0])).toContain(JSON.stringify(message).slice(1, -1));
});

test("who wants a command read as text has it read as text", async () => {
  await using opened = await open(["a word"]);
  const { client, send } = opened;
  await send("/reset", "run-1", { suppressCommandInterpretation: true });
  expect(await client.ending("run-1")).toMatchObject({ message: { content: [{ text: "a word" }] } });
});
