import { expect, test } from "bun:test";
import { cli, CtrlC } from "../support/cli.ts";
import { type FakeGateway, type FakeTurn, silence, startFakeGateway } from "../support/fake-gateway.ts";

const token = "s3cret-token";

test("a turn that is over before chat.send is answered is printed whole", async () => {
  await using gateway = startFakeGateway({ token, turn: greet });
  const run = await cli(["chat", "-m", "hi"], { port: gateway.port, token });
  expect(run).toEqual({ exitCode: 0, stdout: "Hello there\n", stderr: "" });
  expect(gateway.calls[0]).toEqual({
    method: "chat.send",
    params: { sessionKey: "main", message: "hi", idempotencyKey: expect.stringMatching(/^[\da-f-]{36}$/) },
  });
});

test("it is printed as it comes", async () => {
  const seen: string[] = [];
  const { promise: shown, resolve: show } = Promise.withResolvers<void>();
  await using gateway = startFakeGateway({
    turn: (turn) => {
      turn.delta("first");
      // The rest comes only once the first piece is on the terminal.
      void shown.then(() => turn.end("final", { text: "first second" }));
    },
  });
  const run = await cli(["chat", "-m", "hi"], {
    port: gateway.port,
    token,
    writeToStdout: async (text) => {
      seen.push(text);
      show();
    },
  });
  expect(seen).toEqual(["first", " second", "\n"]);
  expect(run.exitCode).toBe(0);
});

test.each([
  ["deltas that were left out", ["Hello "], "Hello there", "Hello there\n"],
  ["all of them", [], "Hello there", "Hello there\n"],
  ["a trimmed final message", ["Hello there\n\n"], "Hello there", "Hello there\n\n"],
  ["another text than streamed", ["Hm"], "Hello", "Hm\nHello\n"],
])("the final message makes up for %s", async (_what, deltas, final, printed) => {
  await using gateway = startFakeGateway({
    turn: (turn) => {
      for (const piece of deltas) turn.delta(piece);
      turn.end("final", { text: final });
    },
  });
  expect((await cli(["chat", "-m", "hi"], { port: gateway.port, token })).stdout).toBe(printed);
});

test("a final message that holds only what came after the tools is not printed twice", async () => {
  await using gateway = startFakeGateway({
    turn: (turn) => {
      turn.delta("Let me look.");
      turn.tool("clock", { zone: "UTC\u001B[2J" }, { success: true });
      turn.tool("exec", {}, { success: false });
      turn.delta("It is ");
      turn.end("final", { text: "It is noon." });
    },
  });
  const plain = await cli(["chat", "-m", "hi"], { port: gateway.port, token });
  expect(plain.stdout).toBe("Let me look.It is noon.\n");
  const watched = await cli(["chat", "-m", "hi", "--no-color"], { port: gateway.port, token, isTty: true });
  expect(watched.stdout).toBe("Let me look.\nIt is noon.\n");
  expect(watched.stderr).toBe('→ clock {"zone":"UTC\\u001b[2J"}\n✓ clock (12 ms)\n→ exec {}\n✗ exec failed (12 ms)\n');
});

test("what the model says cannot move the cursor, not even in pieces", async () => {
  await using gateway = startFakeGateway({
    turn: (turn) => {
      for (const piece of ["a\r", "\nb\u001B", "[2J\u202E\r"]) turn.delta(piece);
      turn.end("final", { text: "a\r\nb\u001B[2J\u202E\r" });
    },
  });
  const { stdout } = await cli(["chat", "-m", "hi"], { port: gateway.port, token });
  expect(stdout).toBe("a\nb\\x1b[2J\\u{202e}\\r\n");
});

test.each([
  [
    "error",
    "error",
    { text: "Hel", errorMessage: "the model is down\u001B[2J" },
    "The turn failed: the model is down\\x1b[2J\n",
  ],
  ["aborted", "aborted", { text: "Hel" }, "The turn was stopped.\n"],
] as const)("a turn that ends in %s ends with 1", async (_name, state, more, said) => {
  await using gateway = startFakeGateway({
    turn: (turn) => {
      turn.delta("Hel");
      turn.end(state, more);
    },
  });
  const at = { port: gateway.port, token };
  expect(await cli(["chat", "-m", "hi"], at)).toEqual({ exitCode: 1, stdout: "Hel\n", stderr: said });
  const asJson = await cli(["chat", "-m", "hi", "--json"], at);
  expect({ ...asJson, stdout: JSON.parse(asJson.stdout) }).toMatchObject({
    exitCode: 1,
    stdout: { status: state, text: "Hel" },
    stderr: "",
  });
});

test("with --json it is one document", async () => {
  await using gateway = startFakeGateway({ turn: greet });
  const run = await cli(["chat", "-m", "hi", "--session", "work", "--json"], { port: gateway.port, token });
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  expect(JSON.parse(run.stdout)).toEqual({
    runId: runIdOf(gateway),
    sessionKey: "agent:main:work",
    status: "ok",
    text: "Hello there",
  });
});

test("what is piped in is the message", async () => {
  await using gateway = startFakeGateway({ turn: greet });
  for (const argv of [["chat"], ["chat", "-m", "-"]]) {
    expect((await cli(argv, { port: gateway.port, token, stdin: "two\nlines\n" })).exitCode).toBe(0);
  }
  expect(gateway.calls.map(({ params }) => (params as { message?: string }).message)).toEqual([
    "two\nlines",
    "two\nlines",
  ]);
  expect((await cli(["chat"], { port: gateway.port, token, stdin: " \n" })).exitCode).toBe(2);
});

test("another turn's events are not this one's", async () => {
  await using gateway = startFakeGateway({
    turn: (turn) => {
      turn.notify("chat", { runId: "other", state: "delta", deltaText: "not mine" });
      turn.notify("chat", { runId: "other", state: "final" });
      greet(turn);
    },
  });
  expect((await cli(["chat", "-m", "hi"], { port: gateway.port, token })).stdout).toBe("Hello there\n");
});

test("Ctrl-C stops the turn at the gateway; what was said so far stays", async () => {
  const ctrlC = new CtrlC();
  await using gateway = startFakeGateway({
    turn: (turn) => {
      turn.delta("word0 ");
      void turn.aborted.then(() => turn.end("aborted", { text: "word0 " }));
    },
  });
  const run = await cli(["chat", "-m", "hi"], {
    port: gateway.port,
    token,
    ctrlC,
    writeToStdout: async (text) => {
      if (text.startsWith("word0")) ctrlC.press();
    },
  });
  expect(run).toEqual({ exitCode: 130, stdout: "word0 \n", stderr: "The turn was stopped.\n" });
  expect(gateway.calls.at(-1)).toEqual({
    method: "chat.abort",
    params: { sessionKey: "main", runId: runIdOf(gateway) },
  });
});

test("a second Ctrl-C does not wait for a gateway that does not stop", async () => {
  const ctrlC = new CtrlC();
  const abort = () => {
    ctrlC.press();
    return silence;
  };
  await using gateway = startFakeGateway({ methods: { "chat.abort": abort }, turn: (turn) => turn.delta("word0") });
  const run = await cli(["chat", "-m", "hi"], {
    port: gateway.port,
    token,
    ctrlC,
    writeToStdout: async () => {
      if (gateway.calls.length === 1) ctrlC.press();
    },
  });
  expect(run.exitCode).toBe(130);
});

test("a gateway that goes away amid the answer is an error", async () => {
  await using gateway = startFakeGateway({
    turn: (turn) => {
      turn.delta("half an");
      setTimeout(() => gateway.drop(1012, "restarting"));
    },
  });
  const run = await cli(["chat", "-m", "hi"], { port: gateway.port, token });
  expect(run).toMatchObject({ exitCode: 1, stdout: "half an\n", stderr: expect.stringContaining("1012") });
});

function greet(turn: FakeTurn): void {
  for (const piece of ["Hel", "lo ", "there"]) turn.delta(piece);
  turn.end("final", { text: "Hello there" });
}

function runIdOf({ calls }: FakeGateway): string {
  const sent = calls.find(({ method }) => method === "chat.send");
  return (sent?.params as { idempotencyKey?: string } | undefined)?.idempotencyKey ?? "";
}
