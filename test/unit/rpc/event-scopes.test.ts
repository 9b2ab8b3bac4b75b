import { silentLog } from "#base";
import { expect, test } from "bun:test";
import { Authenticator } from "../../../src/rpc/authenticator.ts";
import type { Dialect, Speaker } from "../../../src/rpc/dialect.ts";
import { Hub } from "../../../src/rpc/hub.ts";
import { defaultLimits } from "../../../src/rpc/limits.ts";
import { events } from "../../../src/rpc/openclaw/events.ts";
import { type WireEvent, wireEvent, wireEvents } from "../../../src/rpc/wire-events.ts";
import { HeldClock, HeldSocket } from "../../support/rpc-house.ts";
import { operators, type ScopeCaller } from "../../support/scope-callers.ts";

function dialect(name: "jsonrpc" | "openclaw"): Dialect {
  return { name, isGreeted: true, answer: async () => undefined, refusal: () => undefined };
}

/** One connection of everybody, in both dialects, who follows everything that can be followed. */
function crowd() {
  const clock = new HeldClock();
  const hub = new Hub({
    usualDialect: dialect("jsonrpc"),
    openClaw: (_speaker: Speaker) => dialect("openclaw"),
    onEvent: () => {},
    onDeviceLeft: () => {},
    limits: defaultLimits,
    authenticator: new Authenticator({ auth: { mode: "none" }, clock, log: silentLog }),
    clock,
  });
  const join = ({ scopes }: ScopeCaller, first: string, more: object = {}) => {
    const socket = new HeldSocket();
    const caller = { id: "x", address: "127.0.0.1", isAuthenticated: true, role: "operator", scopes: new Set(scopes) };
    const connection = hub.open(socket, {
      caller: { ...caller, role: "operator", ...more },
      hasToken: true,
      isPage: false,
    });
    connection.interests().followsSessions = true;
    connection.receive(first);
    return socket;
  };
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const connect = '{"type":"req","id":"1","method":"connect"}';
  return {
    hub,
    jsonRpc: operators.map((caller) => ({ caller, socket: join(caller, ping) })),
    openClaw: operators.map((caller) => ({ caller, socket: join(caller, connect) })),
    stranger: join({ who: "stranger", scopes: [], opens: [] }, ping, { isAuthenticated: false }),
    node: join({ who: "node", scopes: [], opens: ["public"] }, connect, { role: "node" }),
  };
}

const heardBy = ({ texts }: HeldSocket, name: string) =>
  texts.filter((text) => text.includes(`"method":"${name}"`) || text.includes(`"event":"${name}"`)).length;

test.each(wireEvents.map(({ name, scope }) => [name, scope] as const))(
  "SEC-23: in JSON-RPC, %s is heard by those whom %s is open to, and nobody else",
  (name, scope) => {
    const { hub, jsonRpc, stranger } = crowd();
    hub.emit(wireEvent(name, {}) as WireEvent);
    for (const { caller, socket } of jsonRpc) {
      expect([caller.who, heardBy(socket, name)]).toEqual([caller.who, caller.opens.includes(scope) ? 1 : 0]);
    }
    expect(heardBy(stranger, name)).toBe(0);
    hub.close("over");
  },
);

/** The challenge is told to each when it comes, and to nobody again. */
const toldToMany = Object.entries(events).filter(([name]) => name !== "connect.challenge");

test.each(toldToMany)(
  "SEC-23: in the OpenClaw dialect, %s is heard by those whom %s is open to, and nobody else",
  (name, scope) => {
    const { hub, openClaw, node } = crowd();
    hub.tell({ name: name as keyof typeof events, scope, isDroppable: false, payload: {} });
    for (const { caller, socket } of openClaw) {
      expect([caller.who, heardBy(socket, name)]).toEqual([caller.who, caller.opens.includes(scope) ? 1 : 0]);
    }
    expect(heardBy(node, name)).toBe(scope === "public" ? 1 : 0);
    hub.close("over");
  },
);

test("events about who may come in are for those who decide it, and what is for everybody tells of nobody", () => {
  const all = [...wireEvents.map(({ name, scope }) => [name, scope] as const), ...Object.entries(events)];
  const ofPublic = ["connect.challenge", "node.invoke.cancel", "node.invoke.request", "shutdown", "tick"];
  for (const [name, scope] of all) {
    const isDecision = name.startsWith("device.") || name.startsWith("node.pair.");
    const usual = isDecision ? "operator.pairing" : "operator.read";
    expect([name, scope]).toEqual([name, scope === "public" && ofPublic.includes(name) ? "public" : usual]);
  }
});
