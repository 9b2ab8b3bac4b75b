import { failPoint } from "#base";
import { Check } from "@sinclair/typebox/value";
import { Fault, fault } from "#protocol";
import { closeCode } from "../connection.ts";
import type { Caller } from "../caller.ts";
import type { Dialect, Speaker } from "../dialect.ts";
import type { Calls } from "../dispatcher.ts";
import { Interests } from "../interests.ts";
import type { RpcLimits } from "../limits.ts";
import type { NodesDoor } from "../nodes/door.ts";
import type { NodeClaims } from "../nodes/live-node.ts";
import type { ParamsChecker } from "../params.ts";
import { finishers } from "./adapters/index.ts";
import { ConnectParams } from "./connect-params.ts";
import { farewell } from "./challenge.ts";
import { errorOf } from "./errors.ts";
import { type ErrorShape, errorText, readRequest, type Request, resultText } from "./frame.ts";
import type { Hello } from "./hello.ts";
import type { Pass, ReceptionDesk } from "./reception.ts";

/** What all dialogues share. */
export interface Table {
  /** The methods in the shapes of this dialect. */
  readonly calls: Calls;
  readonly params: ParamsChecker;
  readonly limits: RpcLimits;
  readonly nodes: NodesDoor;
  readonly desk: ReceptionDesk;
  readonly hello: (caller: Caller, pass: Pass) => Promise<Hello>;
}

/**
 * The original's wire protocol, version 4, on one connection: `req` and `res` and `event` frames. The first frame must be a
 * `connect` that answers the challenge; it is greeted with `hello-ok`, or refused and the socket closed.
 */
export class Dialogue implements Dialect {
  readonly #speaker: Speaker;
  readonly #table: Table;
  #isGreeted = false;
  /** Calls in a row that are not for its role. */
  #outOfRole = 0;

  constructor(speaker: Speaker, table: Table) {
    this.#speaker = speaker;
    this.#table = table;
  }

  get name(): "openclaw" {
    return "openclaw";
  }

  get farewell(): string {
    return farewell;
  }

  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  async answer(text: string): Promise<string | undefined> {
    if (!this.#isGreeted) {
      await this.#greet(text);
      return undefined;
    }
    const request = readRequest(text, this.#table.limits);
    if ("problem" in request) return errorText(request.id, invalid(`invalid request frame: ${request.problem}`));
    if (request.method !== "connect") return this.#call(request);
    return errorText(request.id, invalid("connect is only valid as the first request"));
  }

  refusal(): undefined {}

  async #call({ id, method, params }: Request): Promise<string | undefined> {
    try {
      const result = await this.#table.calls.call(method, params, this.#speaker);
      this.#outOfRole = 0;
      const finish = finishers.get(method);
      if (!finish) return this.#resultText(id, result);
      this.#speaker.say(this.#resultText(id, result));
      failPoint("rpc.accepted.said");
      const end = await finish(result, (name, given) => this.#table.calls.call(name, given, this.#speaker));
      return end === undefined ? undefined : this.#resultText(id, end);
    } catch (error) {
      const isOutOfRole = error instanceof Fault && error.code === "wrongRole";
      this.#outOfRole = isOutOfRole ? this.#outOfRole + 1 : 0;
      const text = errorText(id, this.#errorOf(error, method));
      if (this.#outOfRole <= mostOutOfRole) return text;
      this.#speaker.say(text);
      this.#speaker.close(closeCode.policy, "repeated unauthorized calls");
      return undefined;
    }
  }

  #resultText(id: string, result: unknown): string {
    const text = resultText(id, result);
    if (text.length <= this.#table.limits.answerBytes) return text;
    throw fault.tooLarge({ problem: "The answer is too long; ask for less at a time" });
  }

  async #greet(text: string): Promise<void> {
    if (Buffer.byteLength(text) > this.#table.limits.frameBytesBeforeAuth) {
      return this.#speaker.close(closeCode.tooBig, "");
    }
    const request = readRequest(text, this.#table.limits);
    if ("problem" in request) return this.#speaker.close(closeCode.policy, "invalid request frame");
    try {
      await this.#connect(request);
    } catch (error) {
      const problem = this.#errorOf(error, request.method);
      this.#refuse(request.id, problem, { code: closeCode.policy, reason: problem.message });
    }
  }

  async #connect({ id, method, params = {} }: Request): Promise<void> {
    const speaker = this.#speaker;
    const refuse = (error: ErrorShape, code: number = closeCode.policy, reason = error.message) =>
      this.#refuse(id, error, { code, reason });
    if (method !== "connect") return refuse(invalid("invalid handshake: first request must be connect"));
    if (!Check(ConnectParams, params)) return refuse(await this.#describe(params));
    const reception = await this.#table.desk.receive(params, speaker);
    if (!reception.admitted) return refuse(reception.because, reception.closeWith, reception.reason);
    const nodes = speaker.caller.role === "node" ? await this.#table.nodes.open() : undefined;
    const hello = await this.#table.hello(speaker.caller, reception.pass);
    failPoint("rpc.hello.begin");
    speaker.listen(params.caps?.length ? new Interests(params.caps) : undefined);
    speaker.say(resultText(id, hello));
    failPoint("rpc.hello.said");
    this.#isGreeted = true;
    nodes?.arrived(speaker, claimsOf(params));
  }

  async #describe(params: unknown): Promise<ErrorShape> {
    const problem = await this.#table.params.problem(ConnectParams, params);
    return problem ? this.#errorOf(problem, "connect") : invalid("invalid connect params");
  }

  #refuse(id: string, error: ErrorShape, { code, reason }: { readonly code: number; readonly reason: string }): void {
    this.#speaker.say(errorText(id, error));
    this.#speaker.close(code, reason);
  }

  #errorOf(error: unknown, method: string): ErrorShape {
    const problem = error instanceof Fault ? error : this.#table.calls.incident(error, method);
    return errorOf(problem, method, this.#speaker.caller);
  }
}

const mostOutOfRole = 10;

function claimsOf({ client, caps = [], commands = [] }: ConnectParams): NodeClaims {
  const { id: clientId, mode: clientMode, platform, version, deviceFamily, displayName } = client;
  const about = {
    clientId,
    clientMode,
    platform,
    version,
    ...(deviceFamily !== undefined && { deviceFamily }),
    ...(displayName !== undefined && { displayName }),
  };
  return { about, surface: { caps: [...new Set(caps)], commands: [...new Set(commands)] } };
}

function invalid(message: string): ErrorShape {
  return { code: "INVALID_REQUEST", message };
}
