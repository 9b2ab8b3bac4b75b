import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type FakeTurn, startFakeGateway } from "../support/fake-gateway.ts";

const entry = join(import.meta.dir, "../support/cli-process.ts");
const token = "s3cret-token";
const started: Bun.Subprocess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

/** A person at a terminal: types, and reads what is on the screen. */
interface Person {
  readonly child: Bun.Subprocess;
  type(keys: string): void;
  /** Resolves when this appears behind everything that was waited for before. */
  see(text: string): Promise<void>;
  screen(): string;
}

function sitDown(port: number, ...argv: string[]): Person {
  let screen = "";
  let read = 0;
  let changed = Promise.withResolvers<void>();
  const child = Bun.spawn([process.execPath, entry, String(port), token, ...argv], {
    env: { ...process.env, NO_COLOR: "1", TERM: "xterm" },
    terminal: {
      cols: 80,
      rows: 24,
      data(_terminal, bytes) {
        screen += Buffer.from(bytes).toString("utf8");
        changed.resolve();
      },
    },
  });
  started.push(child);
  return {
    child,
    type: (keys) => void child.terminal?.write(keys),
    async see(text) {
      const tooLate = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => tooLate.reject(new Error(`never saw ${text} in ${JSON.stringify(screen.slice(read))}`)),
        4_000,
      );
      while (!screen.includes(text, read)) {
        changed = Promise.withResolvers<void>();
        await Promise.race([changed.promise, tooLate.promise]);
      }
      clearTimeout(timer);
      read = screen.indexOf(text, read) + text.length;
    },
    screen: () => screen,
  };
}

const ctrlC = "\u0003";
const ctrlD = "\u0004";

describe("a password at the terminal", () => {
  const password = "correct-horse-battery";

  test("is asked for twice, and shown neither time", async () => {
    const person = sitDown(1, "gateway", "password");
    await person.see("New password: ");
    person.type(`${password}\r`);
    await person.see("The same again: ");
    person.type(`${password}\r`);
    await person.see("Changed /nowhere/openclaw.toml");
    expect(await person.child.exited).toBe(0);
    expect(person.screen()).not.toContain(password.slice(0, 4));
  });

  test("that is not the same the second time changes nothing, nor does Ctrl-C", async () => {
    const person = sitDown(1, "gateway", "password");
    await person.see("New password: ");
    person.type(`${password}\r`);
    await person.see("The same again: ");
    person.type(`${password}!\r`);
    await person.see("The two are not the same.");
    expect(await person.child.exited).toBe(2);
    const other = sitDown(1, "gateway", "password");
    await other.see("New password: ");
    other.type(ctrlC);
    await other.see("No password was set.");
    expect(await other.child.exited).toBe(130);
  });
});

describe("a conversation at the terminal", () => {
  test("streams, shows tools, goes on, and ends with Ctrl-D", async () => {
    const { promise: shown, resolve: show } = Promise.withResolvers<void>();
    await using gateway = startFakeGateway({
      token,
      turn(turn) {
        turn.delta("You said ");
        turn.tool("clock", { zone: "UTC" }, { success: true });
        void shown.then(() => turn.end("final", { text: `${turn.message}.` }));
      },
    });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type("good day\r");
    await person.see('You said \r\n→ clock {"zone":"UTC"}\r\n✓ clock (12 ms)\r\n');
    show();
    await person.see("good day.\r\n");
    await person.see("> ");
    person.type("and again\r");
    await person.see("and again.\r\n");
    await person.see("> ");
    person.type(ctrlD);
    expect(await person.child.exited).toBe(0);
  });

  test("a line that arrives at once, as when it is pasted, stays on the screen", async () => {
    await using gateway = startFakeGateway({
      token,
      turn: (turn) => turn.end("final", { text: `heard ${turn.message}` }),
    });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type("a whole line of words\r");
    await person.see("heard a whole line of words\r\n");
    await person.see("> ");
    const lines = Bun.stripANSI(person.screen()).split(/[\r\n]+/);
    expect(lines.slice(-3)).toEqual(["> a whole line of words", "heard a whole line of words", "> "]);
    person.type(ctrlD);
    expect(await person.child.exited).toBe(0);
  });

  test("Ctrl-C stops the answer, a second one leaves", async () => {
    await using gateway = startFakeGateway({ token, turn: talkUntilStopped });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type("talk\r");
    await person.see("word0");
    person.type(ctrlC);
    await person.see("The turn was stopped.");
    await person.see("> ");
    person.type(ctrlC);
    expect(await person.child.exited).toBe(130);
    expect(gateway.calls.map(({ method }) => method)).toEqual(["chat.send", "chat.abort"]);
  });

  test("a line in between takes the first Ctrl-C back", async () => {
    await using gateway = startFakeGateway({ token, turn: (turn) => turn.end("final", { text: "fine" }) });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type(`half a thou${ctrlC}`);
    await person.see("Ctrl-C again leaves.");
    await person.see("> ");
    person.type("whole\r");
    await person.see("fine");
    await person.see("> ");
    person.type(ctrlC);
    await person.see("Ctrl-C again leaves.");
    expect(gateway.calls.map(({ params }) => params)).toMatchObject([{ message: "whole" }]);
    person.type(ctrlC);
    expect(await person.child.exited).toBe(130);
  });

  test("what is typed during an answer waits for its turn, but /abort does not", async () => {
    await using gateway = startFakeGateway({
      token,
      turn: (turn) => {
        if (turn.message === "talk") talkUntilStopped(turn);
        else turn.end("final", { text: `heard ${turn.message}` });
      },
    });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type("talk\r");
    await person.see("word0");
    person.type("next\r/abort\r");
    await person.see("The turn was stopped.");
    await person.see("> next\r\nheard next");
    await person.see("> ");
    expect(person.screen()).not.toContain("/abort");
    person.type("/quit\r");
    expect(await person.child.exited).toBe(0);
  });

  test("slash commands change the session, empty it, and are not sent as messages", async () => {
    await using gateway = startFakeGateway({
      token,
      methods: { "sessions.reset": () => ({ ok: true }) },
      turn: (turn) => turn.end("final", { text: `in ${turn.sessionKey}` }),
    });
    const person = sitDown(gateway.port, "chat", "--session", "one");
    await person.see("Session one.");
    await person.see("> ");
    for (const [keys, seen] of [
      ["/hlep", "There is no /hlep; try /help."],
      ["/help", "/session"],
      ["/abort", "Nothing is running."],
      ["/new", "The conversation is empty again."],
      ["/session two", "Session two."],
      ["hi", "in agent:main:two"],
    ] as const) {
      person.type(`${keys}\r`);
      await person.see(seen);
      await person.see("> ");
    }
    person.type("/exit\r");
    expect(await person.child.exited).toBe(0);
    expect(gateway.calls.map(({ method, params }) => [method, (params as { sessionKey: string }).sessionKey])).toEqual([
      ["sessions.reset", "one"],
      ["chat.send", "two"],
    ]);
  });

  test("a lost connection ends the answer, not the conversation", async () => {
    await using gateway = startFakeGateway({
      token,
      turn: (turn) => {
        if (turn.message === "again") return turn.end("final", { text: "back" });
        turn.delta("half");
        return void setTimeout(() => gateway.drop(1012, "restarting"));
      },
    });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type("go\r");
    await person.see("half\r\nerror: ");
    await person.see("(1012: restarting)");
    await person.see("> ");
    person.type("again\r");
    await person.see("back");
    person.type(ctrlD);
    expect(await person.child.exited).toBe(0);
  });

  test("escape sequences of the model do not reach the terminal", async () => {
    await using gateway = startFakeGateway({
      token,
      turn: (turn) => turn.end("final", { text: "\u001B]0;pwned\u0007" }),
    });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.type("hi\r");
    await person.see(String.raw`\x1b]0;pwned\x07`);
    expect(person.screen()).not.toContain("\u001B]");
    person.type(ctrlD);
    await person.child.exited;
  });

  test("SIGTERM ends it", async () => {
    await using gateway = startFakeGateway({ token });
    const person = sitDown(gateway.port, "chat");
    await person.see("> ");
    person.child.kill("SIGTERM");
    expect(await person.child.exited).toBe(143);
  });
});

describe("asking before deleting", () => {
  test.each([
    ["y\r", 0],
    ["no\r", 1],
    ["\r", 1],
    [ctrlC, 130],
    [ctrlD, 1],
  ])("%j ends with %d", async (keys, exitCode) => {
    await using gateway = startFakeGateway({
      token,
      methods: { "sessions.delete": () => ({ ok: true, deleted: true }) },
    });
    const person = sitDown(gateway.port, "sessions", "delete", "main");
    await person.see("for good? [y/N] ");
    person.type(keys);
    expect(await person.child.exited).toBe(exitCode);
    expect(gateway.calls).toHaveLength(exitCode === 0 ? 1 : 0);
  });
});

describe("in a pipe", () => {
  test("`echo hi | openclaw chat` prints the answer alone", async () => {
    await using gateway = startFakeGateway({
      token,
      turn: (turn) => {
        turn.tool("clock", {}, { success: true });
        turn.end("final", { text: `heard ${turn.message}` });
      },
    });
    expect(await pipe(gateway.port, ["chat"], "hi\n")).toEqual({ exitCode: 0, stdout: "heard hi\n", stderr: "" });
  });

  test("a long answer arrives whole, however slowly it is read", async () => {
    const text = "0123456789".repeat(100_000);
    await using gateway = startFakeGateway({ token, methods: { big: () => ({ text }) } });
    const { exitCode, stdout } = await pipe(gateway.port, ["gateway", "call", "big"]);
    expect({ exitCode, isWhole: stdout === `${JSON.stringify({ text }, undefined, 2)}\n` }).toEqual({
      exitCode: 0,
      isWhole: true,
    });
  });

  test("a reader that leaves early is no error", async () => {
    const text = "0123456789\n".repeat(200_000);
    await using gateway = startFakeGateway({ token, turn: (turn) => turn.end("final", { text }) });
    const child = start(gateway.port, ["chat", "-m", "hi"]);
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    expect(await new Response(child.stderr).text()).toBe("");
    expect(await child.exited).toBe(0);
  });

  test("more input than is bearable is refused", async () => {
    const run = await pipe(1, ["chat"], "x".repeat(1_048_577));
    expect(run).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("longer than 1048576 bytes"),
    });
  });

  test.each([
    ["SIGINT", 0],
    ["SIGTERM", 0],
  ] as const)("gateway run is told to stop by %s", async (signal, exitCode) => {
    const child = start(1, ["gateway", "run"]);
    await child.stdout.getReader().read();
    child.kill(signal);
    expect(await child.exited).toBe(exitCode);
  });
});

function talkUntilStopped(turn: FakeTurn): void {
  turn.delta("word0");
  void turn.aborted.then(() => turn.end("aborted", { text: "word0" }));
}

function start(port: number, argv: readonly string[], stdin = "") {
  const child = Bun.spawn([process.execPath, entry, String(port), token, ...argv], {
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  started.push(child);
  return child;
}

async function pipe(port: number, argv: readonly string[], stdin?: string) {
  const child = start(port, argv, stdin);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}
