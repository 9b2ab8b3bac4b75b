import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Reply, startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig, startGateway } from "../support/gateway-process.ts";
import { SocketClient, textOf } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

interface Row {
  readonly role: string;
  readonly content: { type: string; text?: string }[];
  readonly stopReason?: string;
  readonly toolName?: string;
}

async function history(client: SocketClient, sessionKey = "main"): Promise<Row[]> {
  const { messages } = await client.call<{ messages: Row[] }>("chat.history", { sessionKey });
  return messages;
}

describe.each(["openai-completions", "anthropic-messages"] as const)("a model behind %s", (api) => {
  test("streams, runs a tool, answers, and the conversation is there after a restart", async () => {
    using home = tempFolder();
    await using model = startFakeModel({
      script: [
        { parts: [{ toolCall: { id: "c1", name: "write", args: { path: "note.txt", content: "hello" } } }] },
        { parts: ["It is ", "written."] },
        "You asked me to write a note.",
      ],
    });
    const setup = { home: home.path, config: fakeModelConfig(model.url, api) };

    let first: Awaited<ReturnType<SocketClient["chat"]>>;
    {
      await using gateway = await startGateway(setup);
      await using client = await SocketClient.open(gateway.socketUrl);
      first = await client.chat("write a note");
      expect(await gateway.stop("SIGTERM")).toBe(0);
    }
    expect(first).toMatchObject({ state: "final", text: "It is written." });
    const seen = first.events.map((event) => event.method);
    expect(seen).toContain("agent.tool.start");
    expect(seen).toContain("agent.tool.result");
    expect(first.events.filter((e) => e.params["state"] === "delta").map((e) => e.params["deltaText"])).toEqual([
      "It is ",
      "written.",
    ]);
    expect(await Bun.file(join(home.path, "workspace/note.txt")).text()).toBe("hello");

    await using gateway = await startGateway(setup);
    await using client = await SocketClient.open(gateway.socketUrl);
    expect((await history(client)).map((row) => row.role)).toEqual(["user", "assistant", "toolResult", "assistant"]);
    expect(await client.chat("what did I ask?")).toMatchObject({ text: "You asked me to write a note." });
    expect(model.requests.at(-1)?.messages.map((m) => m.role)).toEqual([
      "user",
      "assistant",
      "tool",
      "assistant",
      "user",
    ]);
  });
});

test("an abort ends the turn amid its stream, keeps what was said, and cuts the line to the model", async () => {
  using home = tempFolder();
  const never = new Promise(() => {});
  await using model = startFakeModel({ script: [{ parts: ["One ", "two ", never, "three"] }, "again"] });
  await using gateway = await startGateway({ home: home.path, config: fakeModelConfig(model.url) });
  await using client = await SocketClient.open(gateway.socketUrl);
  const { runId } = await client.call<{ runId: string }>("chat.send", { sessionKey: "main", message: "count" });
  await until("the second delta", () => client.notifications.some((n) => n.params["deltaText"] === "two "));

  expect(await client.call("chat.abort", { sessionKey: "main", runId })).toMatchObject({ runIds: [runId] });
  const ending = await until("the ending", () => client.notifications.find((n) => n.params["state"] === "aborted"));
  expect(textOf(ending.params["message"])).toBe("One two ");
  await model.idle();
  expect((await history(client)).at(-1)).toMatchObject({ role: "assistant", stopReason: "aborted" });
  expect(await client.chat("go on")).toMatchObject({ text: "again" });
});

test("a message that was being answered when the process was killed is answered once after the restart", async () => {
  using home = tempFolder();
  const gate = Promise.withResolvers<void>();
  await using model = startFakeModel({
    script: (call, index) =>
      index === 0 ? { parts: ["half ", gate.promise] } : `answer to ${call.messages.at(-1)?.text}`,
  });
  const setup = { home: home.path, config: fakeModelConfig(model.url) };
  const request = { sessionKey: "main", message: "the question", idempotencyKey: "the-key" };
  {
    await using gateway = await startGateway(setup);
    await using client = await SocketClient.open(gateway.socketUrl);
    await client.call("chat.send", request);
    await until("the stream", () => client.notifications.some((n) => n.params["deltaText"] === "half "));
    await gateway.stop("SIGKILL");
  }
  gate.resolve();
  await using gateway = await startGateway(setup);
  await using client = await SocketClient.open(gateway.socketUrl);
  const answered = await until("the answer", async () => {
    const rows = await history(client);
    return rows.length > 1 && rows;
  });
  expect(answered.map((row) => row.content[0]?.text)).toEqual(["the question", "answer to the question"]);
  expect(await client.call("chat.send", request)).toEqual({ runId: "the-key", status: "ok" } as never);
  expect(await history(client)).toHaveLength(2);
  expect(model.requests).toHaveLength(2);
});

test("a tool that ran when the process was killed is not run again, and the model is told", async () => {
  using home = tempFolder();
  const started = join(home.path, "workspace/started.txt");
  const script: Reply[] = [
    { parts: [{ toolCall: { id: "c1", name: "bash", args: { command: "echo x >> started.txt; sleep 60" } } }] },
    "I do not know whether that was done.",
  ];
  await using model = startFakeModel({ script });
  const config = `${fakeModelConfig(model.url)}\n[sandbox]\nmode = "never"\n`;
  {
    await using gateway = await startGateway({ home: home.path, config });
    await using client = await SocketClient.open(gateway.socketUrl);
    await client.call("chat.send", { sessionKey: "main", message: "do it" });
    await until("the tool's work", () => Bun.file(started).exists());
    await gateway.stop("SIGKILL");
  }
  await using gateway = await startGateway({ home: home.path, config });
  await using client = await SocketClient.open(gateway.socketUrl);
  const rows = await until("the answer", async () => {
    const all = await history(client);
    return all.at(-1)?.role === "assistant" && all.at(-1)?.stopReason === "stop" && all;
  });
  expect(rows.map((row) => row.role)).toEqual(["user", "assistant", "toolResult", "assistant"]);
  expect(model.requests[1]?.messages.at(-1)?.text).toContain("Outcome unknown");
  expect(await Bun.file(started).text()).toBe("x\n");
});

test("a message that kills the gateway each time ends visibly instead of for ever", async () => {
  using home = tempFolder();
  await using model = startFakeModel({ script: () => ({ parts: ["thinking …", new Promise(() => {})] }) });
  const setup = { home: home.path, config: fakeModelConfig(model.url) };
  for (let life = 1; life <= 3; life++) {
    await using gateway = await startGateway(setup);
    if (life === 1) {
      await using client = await SocketClient.open(gateway.socketUrl);
      await client.call("chat.send", { sessionKey: "main", message: "poison" });
    }
    await model.received(life);
    await gateway.stop("SIGKILL");
  }
  await using gateway = await startGateway(setup);
  await using client = await SocketClient.open(gateway.socketUrl);
  expect((await history(client)).at(-1)).toMatchObject({ role: "assistant", stopReason: "error" });
  expect(await client.ask("ping")).toHaveProperty("result");
  expect(model.requests).toHaveLength(3);
});

test("kill -9 at any moment loses no acknowledged message and answers each once", async () => {
  using home = tempFolder();
  await using model = startFakeModel({ script: (call) => `echo ${call.messages.at(-1)?.text}`, remember: 10_000 });
  const setup = { home: home.path, config: fakeModelConfig(model.url) };
  const acknowledged: string[] = [];
  for (let life = 0; life < 8; life++) {
    await using gateway = await startGateway(setup);
    await using client = await SocketClient.open(gateway.socketUrl);
    const sending = sendUntilCut(client, `life${life}`, acknowledged);
    await Bun.sleep(20 + life * 17);
    await until("what this life takes", () => acknowledged.length > 7 * (life + 1)); // also on a machine that is slow
    await gateway.stop("SIGKILL");
    await sending;
  }
  expect(acknowledged.length).toBeGreaterThan(50);
  await using gateway = await startGateway(setup);
  await using client = await SocketClient.open(gateway.socketUrl);
  const rows = await until("every answer", async () => {
    const { messages } = await client.call<{ messages: Row[] }>("chat.history", { sessionKey: "main", limit: 1_000 });
    const asked = messages.filter((row) => row.role === "user").length;
    return messages.filter((row) => row.role === "assistant").length === asked && messages;
  });
  const texts = rows.map((row) => row.content[0]?.text ?? "");
  for (const text of acknowledged) {
    expect(
      texts.filter((said) => said === text),
      text,
    ).toHaveLength(1);
    expect(
      texts.filter((said) => said === `echo ${text}`),
      text,
    ).toHaveLength(1);
  }
});

/** Sends one message after the other until the line is cut; what was acknowledged is noted. */
async function sendUntilCut(client: SocketClient, prefix: string, acknowledged: string[]): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const message = `${prefix}-${i}`;
    const answer = await Promise.race([client.ask("chat.send", { sessionKey: "main", message }), client.closed]);
    if ("code" in answer) return;
    if ("result" in answer) acknowledged.push(message);
    else await Bun.sleep(1); // the lane is full: said so, nothing taken
  }
}

test("a hostile bunfig.toml and .env in the current folder change nothing", async () => {
  using home = tempFolder();
  using cwd = tempFolder();
  const mark = join(cwd.path, "it-ran");
  await Bun.write(join(cwd.path, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  await Bun.write(join(cwd.path, "evil.ts"), `await Bun.write(${JSON.stringify(mark)}, "yes");\n`);
  await Bun.write(join(cwd.path, ".env"), "OPENCLAW_GATEWAY_AUTH_TOKEN=from-the-folder-0123456789abcdef\n");
  await Bun.write(join(cwd.path, "package.json"), '{"name":"evil","main":"./evil.ts"}');
  await Bun.write(join(cwd.path, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}');
  await using gateway = await startGateway({ home: home.path, cwd: cwd.path });
  expect(await Bun.file(mark).exists()).toBe(false);
  const withEvil = SocketClient.open(gateway.socketUrl, "from-the-folder-0123456789abcdef");
  expect(
    await withEvil.then(
      () => "let in",
      () => "refused",
    ),
  ).toBe("refused");
  await using client = await SocketClient.open(gateway.socketUrl);
  expect(await client.chat("hello")).toMatchObject({ state: "final" });
});
