import { clip, failPoint, type Log, newId } from "#base";
import type { DeviceRole } from "#devices";
import type { CommandAsked } from "#gateway";
import { Fault, fault, permits } from "#protocol";
import type { ConnectionInfo } from "./connection.ts";
import { keyedRequest, splitKey } from "./idempotency.ts";
import type { AnyMethod, Catalog, MethodContext } from "./method.ts";
import { noCredential, type Origin } from "./origin.ts";
import { ParamsChecker } from "./params.ts";
import type { Interests } from "./interests.ts";
import type { NodesDoor } from "./nodes/door.ts";
import type { Nodes } from "./nodes/nodes.ts";
import type { RunWatch, RunWatches } from "./run-watch.ts";
import type { Services } from "./services.ts";

/** What a dialect needs of it. */
export interface Calls {
  /** Rejects with nothing but a `Fault`. */
  call(name: string, params: unknown, origin: Origin): Promise<unknown>;
  /** Logs what nobody planned for; the fault names the line in the log and tells nothing else. */
  incident(error: unknown, during: string): Fault;
}

/** Finds the method, asks for the scope, then checks the params, then calls. */
export class Dispatcher implements Calls {
  readonly #methods: ReadonlyMap<string, AnyMethod>;
  readonly #context: Shared;
  readonly #params = new ParamsChecker();
  readonly #log: Log;
  #isClosing = false;

  constructor(options: {
    readonly methods: readonly AnyMethod[];
    readonly services: Services;
    readonly connections: (newest?: number) => readonly ConnectionInfo[];
    readonly catalog: Catalog;
    readonly watches: RunWatches;
    readonly nodes: NodesDoor;
    readonly log: Log;
  }) {
    this.#methods = new Map(options.methods.map((method) => [method.name, method]));
    this.#context = options;
    this.#log = options.log;
  }

  async call(name: string, params: unknown, origin: Origin): Promise<unknown> {
    if (!origin.begin()) {
      throw fault.tooManyRequests({ problem: "Too many calls of this connection are running", retryAfterMs: 100 });
    }
    try {
      return await this.#run(name, params, origin);
    } catch (error) {
      const problem = error instanceof Fault ? error : this.#unplanned(error, name, origin);
      if (problem.code === "unauthorized" || problem.code === "lockedOut") origin.refused(problem);
      throw problem;
    } finally {
      origin.end();
    }
  }

  incident(error: unknown, during: string): Fault {
    const incident = newId();
    this.#log.error("a call failed", { incident, method: clip(during, 128), error });
    return fault.internal({ incident }, error);
  }

  /** What a text asks for that somebody said on a channel; undefined when it is for the model. Throws as `readCommand`. */
  async command({ text, ...place }: Omit<CommandAsked, "scopes">, origin: Origin) {
    if (this.#isClosing) throw fault.shuttingDown({ retryAfterMs: 1_000 });
    const [{ commands }, { readCommand }] = await Promise.all([
      import("./commands/index.ts"),
      import("./commands/read-command.ts"),
    ]);
    const context = new CallContext(this.#context, origin);
    return readCommand(text, { ...place, context }, commands);
  }

  /** From here on every call is refused. */
  close(): void {
    this.#isClosing = true;
  }

  async #run(name: string, params: unknown, origin: Origin): Promise<unknown> {
    if (this.#isClosing) throw fault.shuttingDown({ retryAfterMs: 1_000 });
    const method = this.#allowed(name, origin);
    const given = params ?? {};
    const problem = await this.#params.problem(method.params, given);
    if (problem) throw problem;
    failPoint("rpc.call.checked");
    const context = new CallContext(this.#context, origin);
    return method.isKeyedOutside ? this.#handleKeyed(method, given, context) : method.handle(given, context);
  }

  /** What was done under this key is not done again: its answer is given again. */
  async #handleKeyed(method: AnyMethod, given: unknown, context: MethodContext): Promise<unknown> {
    const { params, key } = splitKey(given);
    if (key === undefined) return method.handle(params, context);
    const keyed = keyedRequest({ method: method.name, params, key }, context.caller);
    const { effect, answersSecret = false } = method;
    const request = { ...keyed, mayRepeat: effect === "idempotent", answersSecret };
    return context.services.gateway.once(request, () => method.handle(params, context));
  }

  /** A stranger is not told which methods there are. */
  #allowed(name: string, { caller }: Origin): AnyMethod {
    const method = this.#methods.get(name);
    if (!caller.isAuthenticated && (method?.scope !== "public" || method.role === "node")) throw noCredential();
    if (!method) throw fault.methodNotFound({ method: clip(name, 128) });
    if (!fitsRole(method, caller.role)) throw fault.wrongRole({ method: method.name, role: caller.role });
    if (caller.role === "operator" && !permits(caller.scopes, method.scope))
      throw fault.missingScope({ scope: method.scope });
    return method;
  }

  #unplanned(error: unknown, name: string, origin: Origin): Fault {
    if (!origin.isGone) return this.incident(error, name);
    this.#log.debug("a call ended with its caller", { method: name, error });
    return fault.internal({ incident: "none: the caller has gone" }, error);
  }
}

function fitsRole({ role, scope }: AnyMethod, of: DeviceRole): boolean {
  if (role === "node") return of === "node";
  return of === "operator" || role === "any" || scope === "public";
}

/** What all calls share. */
interface Shared extends Pick<MethodContext, "services" | "connections" | "catalog"> {
  readonly watches: RunWatches;
  readonly nodes: NodesDoor;
}

/** Made for every call, so it holds two fields; the signal is asked for, and made, only when it is needed. */
class CallContext implements MethodContext {
  readonly #shared: Shared;
  readonly #origin: Origin;

  constructor(shared: Shared, origin: Origin) {
    this.#shared = shared;
    this.#origin = origin;
  }

  get services(): Services {
    return this.#shared.services;
  }

  get catalog(): Catalog {
    return this.#shared.catalog;
  }

  get caller() {
    return this.#origin.caller;
  }

  get signal(): AbortSignal {
    return this.#origin.signal;
  }

  connections(newest?: number): readonly ConnectionInfo[] {
    return this.#shared.connections(newest);
  }

  nodes(): Promise<Nodes> {
    return this.#shared.nodes.open();
  }

  interests(): Interests {
    const interests = this.#origin.interests();
    if (!interests) throw fault.invalidRequest({ problem: "events are told on a socket, not to a single call" });
    return interests;
  }

  watch(runId: string): RunWatch {
    return this.#shared.watches.watch(runId);
  }

  authenticate(...credential: Parameters<MethodContext["authenticate"]>) {
    return this.#origin.authenticate(...credential);
  }
}
