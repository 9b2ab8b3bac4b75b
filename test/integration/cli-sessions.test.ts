import { afterAll, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli } from "../support/cli.ts";
import { FakeRefusal, startFakeGateway } from "../support/fake-gateway.ts";

const token = "s3cret-token";
const folder = mkdtempSync(join(tmpdir(), "openclaw-cli-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const listing = {
  key: "agent:main:main",
  agentId: "main",
  createdAt: 0,
  updatedAt: 0,
  preview: "hi\u001B[2J\nthere",
  messageCount: 3,
  hasActiveRun: true,
};

test("list", async () => {
  await using gateway = startFakeGateway({ methods: { "sessions.list": () => ({ sessions: [listing] }) } });
  const { stdout } = await cli(["sessions", "list", "--limit", "5"], { port: gateway.port, token });
  expect(stdout).toMatch(/^agent:main:main +\d+ d ago +3 +running +hi\\x1b\[2J there$/m);
  expect(gateway.calls).toEqual([{ method: "sessions.list", params: { limit: 5 } }]);
});

test("show", async () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  const messages = [
    { role: "user", content: text("What time is it?"), timestamp: at, seq: 2, id: "a" },
    { role: "assistant", content: [{ type: "toolCall", id: "c", name: "clock", arguments: {} }], timestamp: at },
    { role: "toolResult", toolName: "clock", content: text("x".repeat(600)), timestamp: at },
    { role: "assistant", content: [], errorMessage: "the model is down", timestamp: at },
  ];
  const history = { messages, hasMore: true };
  await using gateway = startFakeGateway({ methods: { "chat.history": () => history } });
  const { stdout } = await cli(["sessions", "show", "main"], { port: gateway.port, token });
  expect(stdout).toContain("older messages are not shown");
  expect(stdout).toContain("user · 2026-01-02 03:04:05\nWhat time is it?\n");
  expect(stdout).toContain("→ clock");
  expect(stdout).toContain(`${"x".repeat(500)}…\n`);
  expect(stdout).toContain("failed: the model is down");
  expect(gateway.calls[0]?.params).toEqual({ sessionKey: "main", limit: 50 });
});

const event = (seq: number) => ({ seq, event: { kind: "MessageReceived", text: `line ${seq}\n` } });
const exportPages = ({ after }: { after: number }) => ({
  events: [1, 2, 3, 4, 5]
    .filter((seq) => seq > after)
    .slice(0, 2)
    .map(event),
  hasMore: after < 3,
});

test("export writes every page, one event a line, for the owner alone", async () => {
  await using gateway = startFakeGateway({ methods: { "sessions.export": exportPages } });
  const at = { port: gateway.port, token };
  const out = join(folder, "main.jsonl");
  const run = await cli(["sessions", "export", "main", "--out", out], at);
  expect(run).toEqual({ exitCode: 0, stdout: `Wrote 5 events to ${out}.\n`, stderr: "" });
  const lines = (await Bun.file(out).text()).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([1, 2, 3, 4, 5].map(event));
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  expect((await cli(["sessions", "export", "main"], at)).stdout.trimEnd().split("\n")).toEqual(lines);
  const asJson = JSON.parse((await cli(["sessions", "export", "main", "--json"], at)).stdout);
  expect(asJson).toEqual({ sessionKey: "main", events: [1, 2, 3, 4, 5].map(event) });
});

test("an export that fails half-way leaves no file, and the one from before", async () => {
  await using gateway = startFakeGateway({
    methods: {
      "sessions.export": ({ after }: { after: number }) => {
        if (after > 0) throw new FakeRefusal(-32_013, "The storage cannot write now.");
        return { events: [event(1)], hasMore: true };
      },
    },
  });
  const place = join(folder, "failing");
  await mkdir(place);
  const out = join(place, "main.jsonl");
  await writeFile(out, "from before");
  expect((await cli(["sessions", "export", "main", "-o", out], { port: gateway.port, token })).exitCode).toBe(1);
  expect(await readdir(place)).toEqual(["main.jsonl"]);
  expect(await Bun.file(out).text()).toBe("from before");
});

const mount = process.getuid?.() === 0 ? Bun.which("mount") : null;

test.skipIf(mount === null)("an export that the disk has no room for says so, and leaves nothing", async () => {
  const methods = {
    "sessions.export": () => ({
      events: [{ seq: 1, event: { kind: "MessageReceived", text: "x".repeat(200_000) } }],
      hasMore: false,
    }),
  };
  await using gateway = startFakeGateway({ methods });
  const place = join(folder, "small");
  await mkdir(place);
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).exitCode).toBe(0);
  try {
    const run = await cli(["sessions", "export", "main", "-o", join(place, "a")], { port: gateway.port, token });
    expect(run.stderr).toStartWith(`error: ${place}/a cannot be written: the disk is full (ENOSPC).\n`);
    expect(await readdir(place)).toEqual([]);
  } finally {
    Bun.spawnSync(["umount", "-l", place]);
  }
});

test("a folder cannot be imported, and a sentence says so", async () => {
  await using gateway = startFakeGateway({ methods: {} });
  const run = await cli(["sessions", "import", folder], { port: gateway.port, token });
  expect(run).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `error: ${folder} cannot be read: it is a folder (EISDIR).\n`,
  });
});

test("an export that does not get on is given up", async () => {
  await using gateway = startFakeGateway({
    methods: { "sessions.export": () => ({ events: [event(1)], hasMore: true }) },
  });
  const run = await cli(["sessions", "export", "main"], { port: gateway.port, token });
  expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("does not get on") });
  expect(gateway.calls).toHaveLength(2);
});

test("delete asks a person, and needs --yes where there is none", async () => {
  await using gateway = startFakeGateway({
    methods: {
      "sessions.delete": ({ sessionKey }: { sessionKey: string }) => ({ ok: true, deleted: sessionKey === "main" }),
    },
  });
  const at = { port: gateway.port, token };
  expect(await cli(["sessions", "delete", "main"], { ...at, stdin: "" })).toMatchObject({ exitCode: 2 });
  expect(await cli(["sessions", "delete", "main"], { ...at, typed: ["n"] })).toMatchObject({ exitCode: 1 });
  expect(await cli(["sessions", "delete", "main"], { ...at, typed: [""] })).toMatchObject({ exitCode: 1 });
  expect(await cli(["sessions", "delete", "main"], { ...at, typed: [] })).toMatchObject({ exitCode: 1 });
  expect(gateway.calls).toEqual([]);
  expect(await cli(["sessions", "delete", "main"], { ...at, typed: ["y"] })).toMatchObject({
    exitCode: 0,
    stdout: "Deleted main.\n",
  });
  expect((await cli(["sessions", "delete", "main", "--yes"], { ...at, stdin: "" })).exitCode).toBe(0);
  const missing = await cli(["sessions", "delete", "other", "-y", "--json"], at);
  expect(missing.exitCode).toBe(1);
  expect(JSON.parse(missing.stdout).error.type).toBe("sessionNotFound");
});

function text(words: string) {
  return [{ type: "text", text: words }];
}
