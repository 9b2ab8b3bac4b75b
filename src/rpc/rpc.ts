import { type Clock, lazily, type Log } from "#base";
import type { DeviceChange } from "#devices";
import { type AuthSettings, Authenticator, type Credential, type Whereabouts } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import type { ConnectionInfo, Line, Socket } from "./connection.ts";
import { Dispatcher } from "./dispatcher.ts";
import { deviceEvents } from "./device-events.ts";
import { EventFeed } from "./event-feed.ts";
import { Hub, type Peer } from "./hub.ts";
import { JsonRpc } from "./jsonrpc.ts";
import { defaultLimits, type RpcLimits } from "./limits.ts";
import type { AnyMethod } from "./method.ts";
import { methods } from "./methods/index.ts";
import { type AgentNodes, agentNodes } from "./nodes/agent-access.ts";
import { NodesDoor } from "./nodes/door.ts";
import { fault } from "#protocol";
import type { CommandAsked } from "#gateway";
import { OpenClawDoor } from "./openclaw/door.ts";
import { callerOf, SingleCall } from "./origin.ts";
import { RunWatches } from "./run-watch.ts";
import type { Services } from "./services.ts";
import { type WireEvent, wireEvents } from "./wire-events.ts";

/** Which methods exist and who may call them. */
export interface Rpc extends AsyncDisposable {
  readonly methods: readonly AnyMethod[];
  /** The agent that answers where none is named. */
  readonly agentId: string;

  /** Checks a credential. Without any, a caller that may use public methods (all of them in mode `none`). Throws `unauthorized` or `lockedOut`. */
  authenticate(credential: Credential, from: Whereabouts): Promise<Caller>;

  /** One call: scope, params, handler. Throws a `Fault`; anything else that goes wrong is logged and thrown as `internal`. */
  call(name: string, params: unknown, from: CallFrom): Promise<unknown>;

  /** A JSON-RPC 2.0 text, single or batch, to its answer; undefined when nothing but notifications were in it. Never throws. */
  answer(text: string, from: CallFrom): Promise<string | undefined>;

  /**
   * A new socket, of a caller that `authenticate` has made. Throws `tooManyRequests` when there is no room for it,
   * `shuttingDown` when it comes too late.
   */
  open(socket: Socket, peer: Peer): Line;

  connections(): readonly ConnectionInfo[];

  /**
   * What a text asks the gateway to do that somebody said on a channel, who has these scopes and no others; undefined when
   * it is for the model. Rejects with `missingScope` or `invalidParams`.
   */
  command(asked: CommandAsked): Promise<(() => Promise<string>) | undefined>;

  /** For the agent's tools. */
  readonly nodes: AgentNodes;
}

/** Who makes a single call, and until when the answer is wanted. */
export interface CallFrom {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** Follows the sessions from here on, until it is disposed of. */
export function createRpc(options: {
  readonly services: Services;
  readonly auth: AuthSettings;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: Partial<RpcLimits>;
}): Rpc {
  const { log, clock } = options;
  const held = new DisposableStack();
  const devices = lazily(async () => {
    const loaded = await options.services.devices();
    held.defer(loaded.subscribe(deviceChanged));
    return loaded;
  });
  const services: Services = {
    ...options.services,
    devices,
    get agentId() {
      return options.services.agentId;
    },
  };
  const limits = { ...defaultLimits, ...options.limits };
  const authenticator = new Authenticator(options);
  const watches = new RunWatches();
  const connections = (newest?: number) => hub.connections(newest);
  const catalog = { methods: methods.map((method) => method.name), events: wireEvents.map((event) => event.name) };
  const nodes = new NodesDoor({ devices, emit: (event) => emit(event), clock: options.clock, log });
  const dispatcher = new Dispatcher({ methods, services, log, connections, watches, catalog, nodes });
  const dialect = new JsonRpc(dispatcher, limits);
  const startedMs = clock.elapsed();
  const openClaw = new OpenClawDoor({
    services,
    limits,
    log,
    authenticator,
    watches,
    nodes,
    connections,
    tell: (event) => hub.tell(event),
    isHeard: () => hub.hasOpenClawClients,
    uptimeMs: () => clock.elapsed() - startedMs,
  });
  const hub = new Hub({
    usualDialect: dialect,
    openClaw: (speaker) => openClaw.dialogue(speaker),
    onEvent: (event) => openClaw.take(event),
    onDeviceLeft: (deviceId) => void devices().then((loaded) => loaded.left(deviceId)),
    limits,
    authenticator,
    clock,
  });
  const emit = (event: WireEvent) => {
    hub.emit(event);
    watches.take(event);
  };
  function deviceChanged(change: DeviceChange): void {
    if (change.type === "deviceShutOut") {
      const reason = change.because === "removed" ? "device removed" : "gateway auth changed";
      openClaw.shutOut(change, reason);
      hub.shutOut(change, reason);
    }
    for (const event of deviceEvents(change, clock.now())) emit(event);
  }
  const feed = new EventFeed({ emit, rowOf: services.transcriptRow });
  held.defer(services.sessions.subscribe((notice) => feed.take(notice)));

  return {
    methods,
    get agentId() {
      return services.agentId;
    },
    authenticate: async (credential, from) => callerOf("http", from, await authenticator.check(credential, from)),
    call: (name, params, from) => dispatcher.call(name, params, new SingleCall(from, authenticator)),
    answer: async (text, from) => {
      const most = from.caller.isAuthenticated ? limits.frameBytes : limits.frameBytesBeforeAuth;
      if (text.length > most || Buffer.byteLength(text) > most) {
        return dialect.refusal(fault.tooLarge({ problem: `A request holds at most ${most} bytes here` }));
      }
      return dialect.answer(text, new SingleCall(from, authenticator));
    },
    open: (socket, peer) => hub.open(socket, peer),
    connections: () => hub.connections(),
    command: ({ scopes, ...asked }) => {
      const caller: Caller = { id: "channel", address: "", isAuthenticated: true, role: "operator", scopes };
      return dispatcher.command(asked, new SingleCall({ caller, signal: new AbortController().signal }, authenticator));
    },
    nodes: agentNodes(nodes),
    [Symbol.asyncDispose]: async () => {
      held.dispose();
      dispatcher.close();
      openClaw.close();
      nodes.close();
      hub.close("the gateway is stopping");
    },
  };
}
