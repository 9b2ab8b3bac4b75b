import { failPoint } from "#base";
import { Check } from "@sinclair/typebox/value";
import { Fault, fault, type Scope } from "#protocol";
import type { AuthSettings } from "../authenticator.ts";
import { closeCode } from "../connection.ts";
import type { Caller } from "../caller.ts";
import type { Dialect, Speaker } from "../dialect.ts";
import type { Calls } from "../dispatcher.ts";
import { Interests } from "../interests.ts";
import type { RpcLimits } from "../limits.ts";
import type { ParamsChecker } from "../params.ts";
import { finishers } from "./adapters/index.ts";
import { admit } from "./admission.ts";
import { ConnectParams } from "./connect-params.ts";
import { credentialError } from "./credential-error.ts";
import { checkDevice } from "./device.ts";
import { errorOf } from "./errors.ts";
import { type ErrorShape, errorText, readRequest, type Request, resultText } from "./frame.ts";
import type { Hello } from "./hello.ts";

/** What all dialogues share. */
export interface Table {
  /** The methods in the shapes of this dialect. */
  readonly calls: Calls;
  readonly params: ParamsChecker;
  readonly limits: RpcLimits;
  readonly authMode: AuthSettings["mode"];
  readonly hello: (caller: Caller) => Promise<Hello>;
}

/**
 * The original's wire protocol, version 4, on one connection: `req` and `res` and `event` frames. The first frame must be a
 * `connect` that answers the challenge; it is greeted with `hello-ok`, or refused and the socket closed.
 */
export class Dialogue implements Dialect {
  readonly name = "openclaw";
  readonly #speaker: Speaker;
  readonly #table: Table;
  #isGreeted = false;

  constructor(speaker: Speaker, table: Table) {
    this.#speaker = speaker;
    this.#table = table;
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
      const finish = finishers.get(method);
      if (!finish) return this.#resultText(id, result);
      this.#speaker.say(this.#resultText(id, result));
      failPoint("rpc.accepted.said");
      const end = await finish(result, (name, given) => this.#table.calls.call(name, given, this.#speaker));
      return end === undefined ? undefined : this.#resultText(id, end);
    } catch (error) {
      return errorText(id, this.#errorOf(error, method));
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
      this.#refuse(request.id, this.#errorOf(error, request.method), closeCode.policy);
    }
  }

  async #connect({ id, method, params = {} }: Request): Promise<void> {
    const speaker = this.#speaker;
    const refuse = (error: ErrorShape, code: number = closeCode.policy) => this.#refuse(id, error, code);
    if (method !== "connect") return refuse(invalid("invalid handshake: first request must be connect"));
    if (!Check(ConnectParams, params)) return refuse(await this.#describe(params));
    const admission = admit(params, { address: speaker.caller.address, mode: this.#table.authMode });
    if (!admission.admitted) return refuse(admission.because, admission.closeWith);
    const checked = params.device && (await checkDevice(params, params.device, speaker.challenge));
    if (checked && !checked.ok) {
      const { message, ...details } = checked.because;
      return refuse({ ...invalid(message), details });
    }
    const problem = this.#authenticate(params, admission.scopes);
    if (problem) return refuse(problem);
    const hello = await this.#table.hello(speaker.caller);
    failPoint("rpc.hello.begin");
    speaker.listen(new Interests(params.caps));
    speaker.say(resultText(id, hello));
    failPoint("rpc.hello.said");
    this.#isGreeted = true;
  }

  #authenticate({ auth = {}, client }: ConnectParams, scopes: readonly Scope[]): ErrorShape | undefined {
    const { token = "", password = "" } = auth;
    try {
      this.#speaker.authenticate({ token, password }, { scopes, client: `${client.id} ${client.version}` });
      return undefined;
    } catch (error) {
      if (error instanceof Fault) return credentialError(error, token !== "" || password !== "");
      throw error;
    }
  }

  async #describe(params: unknown): Promise<ErrorShape> {
    const problem = await this.#table.params.problem(ConnectParams, params);
    return problem ? this.#errorOf(problem, "connect") : invalid("invalid connect params");
  }

  #refuse(id: string, error: ErrorShape, code: number): void {
    this.#speaker.say(errorText(id, error));
    this.#speaker.close(code, error.message);
  }

  #errorOf(error: unknown, method: string): ErrorShape {
    const problem = error instanceof Fault ? error : this.#table.calls.incident(error, method);
    return errorOf(problem, method, this.#speaker.caller);
  }
}

function invalid(message: string): ErrorShape {
  return { code: "INVALID_REQUEST", message };
}
