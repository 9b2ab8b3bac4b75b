import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { Fault, fault, permits, type Scope } from "#protocol";
import {
  type AnyMethod,
  type Caller,
  type Credential,
  defineMethod,
  type Line,
  type MethodContext,
  type Peer,
  type Rpc,
  type Socket,
  type Whereabouts,
} from "#rpc";

export const rightToken = "right-".repeat(8);

/** A few methods behind the interface of RPC: enough to see what the server does with answers, faults and bugs. */
export class TinyRpc implements Rpc {
  readonly agentId = "main";
  readonly methods: readonly AnyMethod[] = methods.map(widen);
  /** What reached a method, in order. */
  readonly calls: { readonly name: string; readonly params: unknown; readonly caller: Caller }[] = [];
  readonly lines: TinyLine[] = [];
  readonly peers: Peer[] = [];
  readonly aborted = Promise.withResolvers<void>();
  readonly started = Promise.withResolvers<void>();
  #wrongAttempts = 0;
  readonly nodes: Rpc["nodes"] = {
    list: async () => [],
    invoke: () => Promise.reject(new Error("no agent is here to ask nodes")),
  };

  async authenticate({ token }: Credential, { address }: Whereabouts): Promise<Caller> {
    if (token === undefined)
      return { id: "http", address, isAuthenticated: false, role: "operator", scopes: new Set() };
    if (this.#wrongAttempts >= 3) throw fault.lockedOut({ seconds: 42 });
    if (token !== rightToken) {
      this.#wrongAttempts++;
      throw fault.unauthorized({ problem: "The token is wrong" });
    }
    return { id: "http", address, isAuthenticated: true, role: "operator", scopes: new Set<Scope>(["operator.write"]) };
  }

  async call(name: string, params: unknown, from: { caller: Caller; signal: AbortSignal }): Promise<unknown> {
    const method = this.methods.find((one) => one.name === name);
    if (!method) throw fault.methodNotFound({ method: name });
    if (!permits(from.caller.scopes, method.scope)) {
      throw from.caller.isAuthenticated
        ? fault.missingScope({ scope: method.scope })
        : fault.unauthorized({ problem: "A token is needed" });
    }
    const wrong = Value.Errors(method.params, params).First();
    if (wrong) throw fault.invalidParams({ path: wrong.path, problem: wrong.message });
    this.calls.push({ name, params, caller: from.caller });
    if (name === "slow") {
      this.started.resolve();
      await new Promise<void>((resolve) => from.signal.addEventListener("abort", () => resolve()));
      this.aborted.resolve();
    }
    return method.handle(params, {} as MethodContext);
  }

  async answer(text: string, from: { caller: Caller; signal: AbortSignal }): Promise<string | undefined> {
    const asked = Value.Parse(Type.Union([Request, Type.Array(Request)]), JSON.parse(text));
    const answers = await Promise.all([asked].flat().map((one) => this.#answerOne(one, from)));
    const given = answers.filter((answer) => answer !== undefined);
    if (given.length === 0) return undefined;
    return JSON.stringify(Array.isArray(asked) ? given : given[0]);
  }

  open(socket: Socket, peer: Peer): Line {
    const line = new TinyLine(socket, peer.caller);
    this.peers.push(peer);
    this.lines.push(line);
    return line;
  }

  connections() {
    return [];
  }

  async command() {
    return undefined;
  }

  async [Symbol.asyncDispose]() {}

  async #answerOne({ id, method, params }: Static<typeof Request>, from: { caller: Caller; signal: AbortSignal }) {
    try {
      const result = await this.call(method, params ?? {}, from);
      return id === undefined ? undefined : { jsonrpc: "2.0", id, result };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { jsonrpc: "2.0", id, error: { code: error.rpc, message: error.message } };
    }
  }
}

/** Answers a frame with what it was, and can be told to flood. */
export class TinyLine implements Line {
  readonly closes = Promise.withResolvers<void>();
  readonly drains = Promise.withResolvers<void>();
  readonly socket: Socket;
  readonly caller: Caller;

  constructor(socket: Socket, caller: Caller) {
    this.socket = socket;
    this.caller = caller;
    socket.send("hello");
  }

  receive(frame: string | Uint8Array): void {
    if (typeof frame === "string") this.socket.send(`text:${frame.slice(0, 100)}:${frame.length}`);
    else this.socket.send(`bytes:${frame.byteLength}`);
  }

  drained(): void {
    this.drains.resolve();
  }

  closed(): void {
    this.closes.resolve();
  }
}

const Request = Type.Object({
  id: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  method: Type.String(),
  params: Type.Optional(Type.Unknown()),
});

const closed = { additionalProperties: false };
const Session = Type.Object({ sessionKey: Type.String() }, closed);
const anything = Type.Unknown();

const echo = { result: anything, handle: (params: unknown) => Promise.resolve(params) };

const methods = [
  defineMethod({
    ...echo,
    name: "ping",
    summary: "Says it is there.",
    scope: "public",
    params: Type.Object({}, closed),
  }),
  defineMethod({
    ...echo,
    name: "status",
    summary: "How things stand.",
    scope: "operator.read",
    params: Type.Object({}, closed),
    handle: () => Promise.resolve({ version: "1.2.3" }),
  }),
  defineMethod({
    ...echo,
    name: "sessions.list",
    summary: "Lists.",
    scope: "operator.read",
    route: { verb: "GET", path: "/sessions" },
    params: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1 })),
        archived: Type.Optional(Type.Boolean()),
        search: Type.Optional(Type.String()),
        kinds: Type.Optional(Type.Array(Type.String())),
        since: Type.Optional(Type.Union([Type.Integer(), Type.Literal("never")])),
      },
      closed,
    ),
  }),
  defineMethod({
    ...echo,
    name: "sessions.history",
    summary: "Reads.",
    scope: "operator.read",
    route: { verb: "GET", path: "/sessions/{sessionKey}/history" },
    params: Type.Object({ sessionKey: Type.String(), limit: Type.Optional(Type.Integer()) }, closed),
  }),
  defineMethod({
    ...echo,
    name: "sessions.patch",
    summary: "Changes.",
    scope: "operator.write",
    route: { verb: "PATCH", path: "/sessions/{sessionKey}" },
    params: Type.Object({ sessionKey: Type.String(), label: Type.String() }, closed),
  }),
  defineMethod({
    ...echo,
    name: "sessions.delete",
    summary: "Forgets.",
    scope: "operator.write",
    // Another name for the same place, on purpose.
    route: { verb: "DELETE", path: "/sessions/{key}" },
    params: Type.Object({ key: Type.String() }, closed),
  }),
  defineMethod({
    ...echo,
    name: "sessions.message",
    summary: "Reads one.",
    scope: "operator.read",
    route: { verb: "GET", path: "/sessions/{sessionKey}/messages/{messageId}" },
    params: Type.Object({ sessionKey: Type.String(), messageId: Type.Integer() }, closed),
  }),
  defineMethod({
    ...echo,
    name: "chat.send",
    summary: "Says.",
    scope: "operator.write",
    route: { verb: "POST", path: "/chat" },
    params: Type.Object({ message: Type.Unknown() }, closed),
  }),
  defineMethod({
    ...echo,
    name: "config.patch",
    summary: "Configures.",
    scope: "operator.admin",
    route: { verb: "PATCH", path: "/config" },
    params: Type.Object({}),
  }),
  defineMethod({
    ...echo,
    name: "full",
    summary: "Has no room.",
    scope: "public",
    route: { verb: "POST", path: "/full" },
    params: Type.Object({}),
    handle: () => Promise.reject(fault.queueFull({ problem: "The queue is full", retryAfterMs: 2_500 })),
  }),
  defineMethod({
    ...echo,
    name: "broken",
    summary: "Has a bug.",
    scope: "public",
    route: { verb: "POST", path: "/broken" },
    params: Type.Object({}),
    handle: () => Promise.reject(new Error("the password is hunter2")),
  }),
  defineMethod({
    ...echo,
    name: "slow",
    summary: "Waits until nobody waits for it.",
    scope: "operator.read",
    route: { verb: "GET", path: "/slow" },
    params: Session,
    handle: () => Promise.resolve({ ended: true }),
  }),
];

function widen(method: { [Key in keyof AnyMethod]: unknown }): AnyMethod {
  return method as AnyMethod & { params: TSchema };
}
