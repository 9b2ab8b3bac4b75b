import { parseJson } from "#base";
import type { Static } from "@sinclair/typebox";
import { Fault, type FaultCode, type FaultData, faultCodes } from "#protocol";
import { methods } from "./methods/index.ts";

type Methods = (typeof methods)[number];
export type MethodName = Methods["name"];
export type ParamsOf<Name extends MethodName> = Static<Extract<Methods, { name: Name }>["params"]>;
export type ResultOf<Name extends MethodName> = Static<Extract<Methods, { name: Name }>["result"]>;

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The other end of the JSON-RPC dialect. Opens no connection of its own: texts go out through `send` and come in through `receive`. */
export interface Client {
  /** Rejects with the gateway's `Fault`, or with an `Error` when the answer does not come or does not fit. */
  call<Name extends MethodName>(name: Name, params: ParamsOf<Name>, options?: CallOptions): Promise<ResultOf<Name>>;
  /** Any method by its name, unchecked. */
  request(name: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /** One text from the gateway. What is neither an answer nor an event is ignored. */
  receive(text: string): void;
  /** The connection is gone: whoever still waits is told why. */
  closed(because: string): void;
}

const defaultTimeoutMs = 30_000;
const mostPending = 1_000;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function createClient(transport: {
  readonly send: (text: string) => void;
  readonly onEvent?: (name: string, params: Readonly<Record<string, unknown>>) => void;
}): Client {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let closedBecause: string | undefined;

  const request = async (name: string, params: unknown, options: CallOptions = {}): Promise<unknown> => {
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    if (closedBecause !== undefined) throw new Error(closedBecause);
    if (pending.size >= mostPending) throw new Error(`${mostPending} calls wait for their answers already`);
    signal?.throwIfAborted();
    const id = ++lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    pending.set(id, { resolve, reject });
    const timer = setTimeout(() => reject(new Error(`${name} was not answered within ${timeoutMs} ms`)), timeoutMs);
    const stop = () => reject(new Error(`${name} was cancelled`, { cause: signal?.reason }));
    signal?.addEventListener("abort", stop, { once: true });
    try {
      transport.send(JSON.stringify({ jsonrpc: "2.0", id, method: name, params }));
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      pending.delete(id);
    }
  };

  return {
    request,
    call: async (name, params, options) => {
      const result = await request(name, params, options);
      await checkResult(name, result);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked against the schema this type is made from
      return result as ResultOf<typeof name>;
    },
    receive: (text) => {
      const frame = parse(text);
      if (!frame) return;
      const { id, method, params, error } = frame;
      if (typeof method === "string") {
        if (isRecord(params)) transport.onEvent?.(method, params);
        return;
      }
      const waiting = typeof id === "number" ? pending.get(id) : undefined;
      if (isRecord(error)) waiting?.reject(readError(error));
      else waiting?.resolve(frame["result"]);
    },
    closed: (because) => {
      closedBecause = because;
      for (const { reject } of pending.values()) reject(new Error(because));
    },
  };
}

async function checkResult(name: MethodName, result: unknown): Promise<void> {
  const { Value } = await import("@sinclair/typebox/value");
  const method = methods.find((one) => one.name === name);
  const problem = method && Value.Errors(method.result, result).First();
  if (problem)
    throw new Error(`${name} answered with something else than expected: ${problem.path} ${problem.message}`);
}

/** The fault the gateway threw, or an `Error` where it is none of ours. */
function readError({ code, message, data }: Record<string, unknown>): Error {
  const name = isRecord(data) ? data["name"] : undefined;
  const known = faultCodes().find((one) => one === name);
  if (known && isRecord(data)) return revive(known, String(message), data);
  return new Error(`${String(message)} (${String(code)})`);
}

function revive(code: FaultCode, message: string, data: Record<string, unknown>): Fault {
  const told: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(data)) {
    if (name === "name") continue;
    if (typeof value === "string" || typeof value === "number") told[name] = value;
  }
  const revived = new Fault(code, told satisfies FaultData);
  revived.message = message;
  return revived;
}

function parse(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
