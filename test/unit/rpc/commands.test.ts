import { allScopes, Fault, type Scope } from "#protocol";
import { type Caller, methods } from "#rpc";
import { expect, test } from "bun:test";
import type { Command } from "../../../src/rpc/commands/command.ts";
import { commands } from "../../../src/rpc/commands/index.ts";
import { readCommand } from "../../../src/rpc/commands/read-command.ts";
import type { MethodContext } from "../../../src/rpc/method.ts";
import { House, openRpc } from "../../support/rpc-house.ts";

const grants: readonly (readonly [string, readonly Scope[]])[] = [
  ["nothing", []],
  ["read", ["operator.read"]],
  ["write", ["operator.write"]],
  ["approvals", ["operator.approvals"]],
  ["pairing", ["operator.pairing"]],
  ["admin", ["operator.admin"]],
  ["everything", allScopes],
];

function callerWith(scopes: readonly Scope[]): { caller: Caller; signal: AbortSignal } {
  const caller: Caller = {
    id: "x",
    address: "127.0.0.1",
    isAuthenticated: true,
    role: "operator",
    scopes: new Set(scopes),
  };
  return { caller, signal: new AbortController().signal };
}

/** Params under which the method of that name does something, for who may. */
const paramsOf: Readonly<Record<string, object>> = {
  "channels.activation": { channel: "telegram", chat: "-100" },
  "chat.abort": { sessionKey: "main" },
  "commands.list": {},
  "sessions.create": { sessionKey: "main", thinking: "low" },
  "sessions.reset": { sessionKey: "main" },
  status: {},
};

const spoken = commands.flatMap((command) => [command.name, ...command.aliases].map((name) => ({ command, name })));
const matrix = spoken.flatMap(({ command, name }) =>
  grants.map(([who, scopes]) => ({ who, scopes, name, method: command.method.name })),
);

test("every command is of a method that there is, under that method's scope, and no two share a name", () => {
  expect(commands.length).toBeGreaterThan(5);
  for (const { method } of commands) {
    const real = methods.find((one) => one.name === method.name);
    expect(method.scope).toBe(real?.scope ?? "public");
  }
  const names = spoken.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(commands.map(({ name }) => name)).toEqual(commands.map(({ name }) => name).toSorted());
});

test.each(matrix)("$who may say /$name if it may call $method and say anything at all", async (asked) => {
  await using rpc = openRpc(new House());
  const from = callerWith(asked.scopes);
  const outcome = (name: string, params: unknown) =>
    rpc.call(name, params, from).then(
      () => "done",
      (error: unknown) => (error instanceof Fault ? error.code : error),
    );
  const may = await Promise.all([
    outcome(asked.method, paramsOf[asked.method]),
    outcome("chat.send", { sessionKey: "main", message: "hello" }),
  ]);
  const expected = may.find((one) => one !== "done") ?? "done";
  for (const method of ["chat.send", "agent"]) {
    expect(await outcome(method, { sessionKey: "main", message: `/${asked.name}` }), method).toEqual(expected);
  }
});

const purge: Command = {
  name: "purge",
  aliases: [],
  summary: "For the test.",
  category: "management",
  method: { name: "sessions.delete", scope: "operator.admin" },
  run: async () => "purged",
};

function readPurge(scopes: readonly Scope[]) {
  const context = callerWith(scopes) as unknown as MethodContext;
  return readCommand("/purge", { sessionKey: "main", context }, [purge]);
}

test("a command of an admin method is refused to who may write, before anything is done", async () => {
  expect(() => readPurge(["operator.write", "operator.read", "operator.approvals"])).toThrow("operator.admin");
  expect(await readPurge(["operator.admin"])?.()).toBe("purged");
});

test.each([
  ["/help", true],
  [" \n/HELP\n ", true],
  ["/think low", true],
  ["/think\nlow", true],
  ["/", false],
  ["//help", false],
  ["/help/me", false],
  ["/help:", false],
  ["/helpme", false],
  ["/__proto__", false],
  ["/constructor", false],
  ["say /help", false],
])("%j is a command: %p", (text, isOne) => {
  const context = callerWith(["operator.admin"]) as unknown as MethodContext;
  expect(readCommand(text, { sessionKey: "main", context }, commands) !== undefined).toBe(isOne);
});
