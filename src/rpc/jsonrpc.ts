import { clip, nextTurn } from "#base";
import { Fault, fault } from "#protocol";
import type { Dialect } from "./dialect.ts";
import type { Calls } from "./dispatcher.ts";
import { findExcess } from "./json-guard.ts";
import { type Entry, hasUnsafeId, readEntry, readIdSources } from "./jsonrpc-request.ts";
import type { RpcLimits } from "./limits.ts";
import type { Origin } from "./origin.ts";
import type { Frame } from "./outgoing.ts";
import type { WireEvent } from "./wire-events.ts";

/**
 * JSON-RPC 2.0, to the letter of https://www.jsonrpc.org/specification. Events are notifications of the server, whose
 * params carry a `seq` that counts up by one from 1 on each connection: a gap says that something was left out.
 */
export class JsonRpc implements Dialect {
  readonly name = "jsonrpc";
  readonly isGreeted = true;
  readonly #calls: Calls;
  readonly #limits: RpcLimits;

  constructor(calls: Calls, limits: RpcLimits) {
    this.#calls = calls;
    this.#limits = limits;
  }

  async answer(text: string, origin: Origin): Promise<string | undefined> {
    const read = this.#read(text);
    if (read instanceof Fault) return errorText("null", read);
    return "batch" in read ? this.#answerBatch(read.batch, origin) : this.#answerEntry(read, origin);
  }

  refusal(problem: Fault): string {
    return errorText("null", problem);
  }

  #read(text: string): Entry | { readonly batch: readonly Entry[] } | Fault {
    const excess = findExcess(text, this.#limits);
    if (excess !== undefined) return fault.invalidRequest({ problem: excess });
    const value = parse(text);
    if (value instanceof Fault) return value;
    if (!Array.isArray(value)) {
      return readEntry(value, hasUnsafeId(value) ? readIdSources(text)[0] : undefined);
    }
    const values: readonly unknown[] = value;
    const most = this.#limits.batchEntries;
    if (values.length === 0) return fault.invalidRequest({ problem: "a batch holds at least one request" });
    if (values.length > most) return fault.invalidRequest({ problem: `a batch holds at most ${most} requests` });
    const sources = values.some(hasUnsafeId) ? readIdSources(text) : [];
    return { batch: values.map((entry, at) => readEntry(entry, sources[at])) };
  }

  async #answerEntry(entry: Entry, origin: Origin): Promise<string | undefined> {
    if ("problem" in entry) return errorText(entry.id, entry.problem);
    try {
      const result = await this.#calls.call(entry.method, entry.params, origin);
      return entry.id === undefined ? undefined : this.#resultText(entry.id, result);
    } catch (error) {
      const problem = error instanceof Fault ? error : this.#calls.incident(error, entry.method);
      return entry.id === undefined ? undefined : errorText(entry.id, problem);
    }
  }

  /** All entries, a few in each turn of the event loop; one text with their answers, in their order. */
  async #answerBatch(entries: readonly Entry[], origin: Origin): Promise<string | undefined> {
    const answers: (string | undefined)[] = [];
    let length = 0;
    const waiting = entries.entries();
    const isLong = entries.length > this.#limits.batchWorkers;
    const work = async () => {
      for (const [at, entry] of waiting) {
        const isTooMuch = length > this.#limits.answerBytes && entry.id !== undefined;
        const answer = isTooMuch ? errorText(entry.id, tooManyAnswers()) : await this.#answerEntry(entry, origin);
        length += answer?.length ?? 0;
        answers[at] = answer;
        if (isLong) await nextTurn();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#limits.batchWorkers, entries.length) }, work));
    const given = answers.filter((answer) => answer !== undefined);
    return given.length === 0 ? undefined : `[${given.join(",")}]`;
  }

  #resultText(id: string, result: unknown): string {
    const text = `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result) ?? "null"}}`;
    if (text.length <= this.#limits.answerBytes) return text;
    return errorText(id, fault.tooLarge({ problem: "The answer is too long; ask for less at a time" }));
  }
}

export function notification({ name, payload }: WireEvent): Frame {
  const members = JSON.stringify(payload).slice(1);
  return {
    head: `{"jsonrpc":"2.0","method":"${name}","params":{"seq":`,
    tail: members === "}" ? "}}" : `,${members}}`,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/^JSON Parse error: /, "") : "it cannot be parsed";
    return fault.parseError({ problem: clip(said, 200) }, error);
  }
}

function tooManyAnswers(): Fault {
  return fault.tooLarge({ problem: "The answers to this batch are too long; send fewer requests at a time" });
}

function errorText(id: string, problem: Fault): string {
  const data = { name: problem.code, retryable: problem.isRetryable, ...problem.data };
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code: problem.rpc, message: problem.message, data })}}`;
}
