import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { TurnTools } from "#agent";
import { locateHome } from "#config";
import type { MessageTrace } from "#protocol";
import { openApp } from "../../src/app.ts";
import { cli } from "../support/cli.ts";
import { FakeChannel } from "../support/fake-channel.ts";
import { startFakeGateway } from "../support/fake-gateway.ts";
import { calls, says } from "../support/scripted-provider.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { key, noTools, sayAndHang, Walk, webchat } from "../support/walk.ts";

const chatKey = "agent:main:pigeon:default:direct:c1";
const inChat = { sessionKey: chatKey, from: { channel: "pigeon", chat: "c1" } };

describe("the trace of a message", () => {
  test("tells the walk from its arrival to its delivery, whichever of its ids is asked for", async () => {
    using folder = tempFolder();
    const tools: TurnTools = { ...noTools, run: async () => ({ text: "did it", durationMs: 7 }) };
    await using walk: Walk = new Walk({
      folder: folder.path,
      channels: [webchat, new FakeChannel()],
      tools,
      answer: () => (walk.asked.length === 1 ? calls(["c1", "do", {}]) : says("done")),
    });
    await walk.say("work", { ...inChat, id: "platform-7", runId: "run-1" });
    const trace = await until("the delivery", async () => {
      const [found] = await walk.gateway.trace("run-1");
      return found?.state === "delivered" && found;
    });
    expect(trace.steps.map(({ what }) => what)).toEqual([
      "received",
      "started",
      "toolsAsked",
      "toolCalled",
      "toolResult",
      "answered",
      "delivered",
    ]);
    expect(trace).toMatchObject({
      runId: "run-1",
      messageId: "platform-7",
      sessionKey: chatKey,
      isTerminal: true,
      outstanding: [],
      waits: { queueMs: expect.any(Number), toolsMs: 7, deliveryMs: expect.any(Number) },
      models: [{ provider: "fake", model: "fake-1", calls: 2, costUsd: "unknown" }],
      costUsd: "unknown",
    });
    const times = trace.steps.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const id of ["platform-7", "p1"]) expect(await walk.gateway.trace(id)).toEqual([trace]);
    expect(await walk.gateway.trace("nobody's")).toEqual([]);
  });

  test("sums what it cost, where the prices are known", async () => {
    using folder = tempFolder();
    await using walk = new Walk({
      folder: folder.path,
      answer: () => says("done", { input: 1_000, output: 500, cacheRead: 2_000, cacheWrite: 0 }),
      priceOf: (provider, model) =>
        provider === "fake" && model === "fake-1" ? { input: 2, output: 10, cacheRead: 0.5 } : undefined,
    });
    await walk.say("hello");
    await walk.ending("m1");
    const [trace] = await walk.gateway.trace("m1");
    expect(trace?.costUsd).toBeCloseTo(0.002 + 0.005 + 0.001, 10);
  });

  test("says what is outstanding while it is: the turn that runs, the one that waits, the tool that was cut off", async () => {
    using folder = tempFolder();
    const never = Promise.withResolvers<never>();
    const tools: TurnTools = { ...noTools, run: () => never.promise };
    {
      await using walk = new Walk({ folder: folder.path, tools, answer: () => calls(["c1", "dig", {}]) });
      await walk.say("work");
      await walk.say("later");
      await until("the tool", async () => (await walk.log()).some((event) => event.kind === "ToolCalled"));
      const [first] = await walk.gateway.trace("m1");
      expect(first).toMatchObject({ state: "started", isTerminal: false });
      expect(first?.outstanding).toEqual(["an answer: the turn is running", "the result of dig"]);
      const [second] = await walk.gateway.trace("m2");
      expect(second).toMatchObject({ state: "received", outstanding: ["an answer: the turn is queued"] });
      walk.freeze();
      never.reject(new Error("the end"));
    }
    await using walk = new Walk({ folder: folder.path });
    const [trace] = await walk.gateway.trace("m1");
    expect(trace?.outstanding).toEqual(["an answer: the turn waits to be taken up again", "the result of dig"]);
    await walk.recovered();
    await walk.ending("m1");
    const [after] = await walk.gateway.trace("m1");
    expect(after?.steps.map(({ what }) => what)).toContain("resumed");
    expect(after).toMatchObject({ state: "delivered", outstanding: [] });
  });

  test("ends as failed, cancelled or cancelled by a reset", async () => {
    using folder = tempFolder();
    await using walk = new Walk({
      folder: folder.path,
      answer: (request, signal) => {
        if (request.messages.at(-1)?.text === "fail") return [];
        return sayAndHang("half", signal);
      },
    });
    await walk.say("fail");
    await walk.ending("m1");
    await walk.say("stop");
    await walk.wasAsked(2);
    await walk.gateway.abort({ sessionKey: key });
    await walk.ending("m2");
    await walk.say("reset");
    await walk.wasAsked(3);
    await walk.gateway.resetSession(key);
    const states = await Promise.all(["m1", "m2", "m3"].map(async (id) => (await walk.gateway.trace(id))[0]?.state));
    expect(states).toEqual(["failed", "cancelled", "cancelled"]);
  });

  test("follows an answer that was delivered after its session had been reset", async () => {
    using folder = tempFolder();
    const gate = Promise.withResolvers<string>();
    const channel = new FakeChannel(() => gate.promise);
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    await walk.say("hello", inChat);
    await until("the try", () => channel.tried.length === 1);
    await walk.gateway.resetSession(chatKey);
    expect(await walk.gateway.trace("m1")).toMatchObject([{ state: "answered" }]);
    gate.resolve("p1");
    await until("the delivery", async () => (await walk.gateway.trace("m1"))[0]?.state === "delivered");
  });

  test("of a message that answers none is its delivery", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, channels: [new FakeChannel()] });
    await walk.gateway.send(inChat.from, "good day");
    const [trace] = await walk.gateway.trace("p1");
    expect(trace).toMatchObject({ messageId: "p1", sessionKey: chatKey, state: "delivered" });
    expect(trace).not.toHaveProperty("runId");
  });
});

describe("a message that can never be delivered", () => {
  test("is given up at once and kept; it can be sent again, or dropped, and the log says so", async () => {
    using folder = tempFolder();
    let isGone = true;
    const channel = new FakeChannel(({ text }) =>
      isGone && text !== "echo two" ? { refused: "forGood", problem: "no such chat" } : "p9",
    );
    await using walk = new Walk({ folder: folder.path, channels: [channel] });
    for (const text of ["one", "two", "three"]) await walk.say(text, { ...inChat, id: text });
    const dead = await until("two dead letters", async () => {
      const rows = await walk.gateway.outbox({ limit: 10, isDead: true });
      return rows.length === 2 && rows;
    });
    expect(dead).toMatchObject([
      { text: "echo one", attempts: 1, problem: "no such chat", mayBeSent: false },
      { text: "echo three" },
    ]);
    expect(channel.tried).toEqual(["echo one", "echo two", "echo three"]);
    const [one] = await walk.gateway.trace("one");
    expect(one).toMatchObject({ state: "deadLettered", isTerminal: true });
    expect(one?.outstanding).toEqual([expect.stringContaining("given up after 1 try: no such chat")]);

    isGone = false;
    const [first, third] = dead;
    await walk.gateway.settleDeadLetter(first?.id ?? "", "replayed");
    const sent = await until("the delivery", async () => {
      const [found] = await walk.gateway.trace("one");
      return found?.state === "delivered" && found;
    });
    expect(sent.steps.slice(-3).map(({ what }) => what)).toEqual(["deliveryFailed", "deliveryReplayed", "delivered"]);

    await walk.gateway.settleDeadLetter(third?.id ?? "", "dropped");
    const [three] = await walk.gateway.trace("three");
    expect(three).toMatchObject({ state: "deadLettered", outstanding: [] });
    expect(three?.steps.at(-1)?.what).toBe("deliveryDropped");
    await expect(walk.gateway.settleDeadLetter(third?.id ?? "", "dropped")).rejects.toMatchObject({
      code: "deadLetterNotFound",
    });
  });

  test("because its channel is not there any more waits for the channel", async () => {
    using folder = tempFolder();
    {
      await using walk = new Walk({ folder: folder.path, channels: [webchat] });
      await walk.say("hello", inChat);
      await until("a try", async () => ((await walk.gateway.outbox({ limit: 1 }))[0]?.attempts ?? 0) > 0);
      expect(await walk.gateway.trace("m1")).toMatchObject([{ state: "answered", isTerminal: false }]);
    }
    const channel = new FakeChannel();
    await using walk = new Walk({ folder: folder.path, channels: [webchat, channel] });
    await walk.recovered();
    await until("the delivery", async () => (await walk.gateway.trace("m1"))[0]?.state === "delivered");
    expect(channel.texts).toEqual(["echo hello"]);
  });
});

describe("the command line", () => {
  test("shows the trace of a real turn, and says when there is none", async () => {
    using folder = tempFolder();
    const home = locateHome({ OPENCLAW_HOME: folder.path });
    const flags = { "gateway.port": 0, "sandbox.mode": "never" };
    await using app = await openApp({ home, environment: {}, flags, version: "1.2.3" });
    const token = readFileSync(app.tokenFile ?? "", "utf8").trim();
    const port = Number(app.url.port);
    await using client = await SocketClient.open(`ws://127.0.0.1:${port}/ws`, token);
    await client.chat("hello");
    const { messages } = await client.call<{ messages: { runId: string }[] }>("chat.history", { sessionKey: "main" });
    const runId = messages[0]?.runId ?? "";
    const { stdout } = await cli(["trace", runId], { port, token });
    expect(stdout).toMatch(/: delivered\n.* received .*\n.* started\n.* answered .*demo\/demo/);
    expect(stdout).toMatch(/^ {2}cost +\$0\.0+$/m);
    const { stdout: json } = await cli(["trace", runId, "--json"], { port, token });
    const { traces } = JSON.parse(json) as { traces: MessageTrace[] };
    expect(traces).toMatchObject([{ runId, state: "delivered" }]);
    const missing = await cli(["trace", "nobody's"], { port, token });
    expect(missing).toMatchObject({ exitCode: 1 });
    expect(missing.stderr).toContain("There is no message or run “nobody's”.");
    const none = await cli(["channels", "dead-letters"], { port, token });
    expect(none.stdout).toBe("Nothing was given up.\n");
  });

  test("lists, replays and drops what was given up", async () => {
    const letter = {
      id: "o1",
      to: { channel: "pigeon", chat: "c1" },
      text: "hello\u001B[2J",
      attempts: 3,
      deadAt: 0,
      problem: "no such chat",
      mayBeSent: true,
    };
    await using gateway = startFakeGateway({
      methods: {
        "inbound.list": () => ({ updates: [] }),
        "outbox.list": () => ({ deliveries: [letter] }),
        "outbox.replay": ({ id }: { id: string }) => ({ id, replayed: true }),
        "outbox.drop": ({ id }: { id: string }) => ({ id, dropped: true }),
      },
    });
    const at = { port: gateway.port, token: "t" };
    const list = await cli(["channels", "dead-letters", "list"], at);
    expect(list.stdout).toMatch(
      /^o1 +out +pigeon c1 +\d+ d ago +3 +no such chat \(may have arrived\) +hello\\x1b\[2J$/m,
    );
    expect((await cli(["channels", "dead-letters", "replay", "o1"], at)).stdout).toBe("The message o1 was replayed.\n");
    expect((await cli(["channels", "dead-letters", "drop", "o1"], at)).stdout).toBe("The message o1 was dropped.\n");
    expect(await cli(["channels", "dead-letters", "drop"], at)).toMatchObject({ exitCode: 2 });
    expect(await cli(["channels", "dead-letters", "burn", "o1"], at)).toMatchObject({ exitCode: 2 });
    expect(gateway.calls.map(({ method }) => method)).toEqual([
      "outbox.list",
      "inbound.list",
      "outbox.replay",
      "outbox.drop",
    ]);
    expect(gateway.calls[0]?.params).toEqual({ dead: true, limit: 100 });
  });
});
