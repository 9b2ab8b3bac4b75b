import { type Fault, fault } from "#protocol";

/** A request as it came. `id` is JSON, as it will be written into the answer; a notification has none. */
export interface Request {
  readonly id?: string;
  readonly method: string;
  readonly params: unknown;
}

/** What cannot be called: it is answered with the problem, under its id where one could be found, else under `null`. */
export interface Misfit {
  readonly id: string;
  readonly problem: Fault;
}

export type Entry = Request | Misfit;

/** What a JSON value is as a request (JSON-RPC 2.0, section 4). `source` is the text of its id, when that is a number. */
export function readEntry(value: unknown, source: string | undefined): Entry {
  if (!isRecord(value)) return misfit("null", "a request is an object");
  const id = "id" in value ? idText(value["id"], source) : undefined;
  if (id === false) return misfit("null", "id is a string, a number or null");
  const problem = envelopeProblem(value);
  if (problem !== undefined) return misfit(id ?? "null", problem);
  const { method, params } = value;
  const request = { method: String(method), params };
  return id === undefined ? request : { id, ...request };
}

function envelopeProblem(value: Record<string, unknown>): string | undefined {
  const { jsonrpc, method, params } = value;
  if (jsonrpc !== "2.0") return 'jsonrpc is "2.0"';
  if (typeof method !== "string" || method === "") return "method is a string";
  if (params === undefined || (typeof params === "object" && params !== null)) return undefined;
  return "params is an object";
}

/**
 * The texts of the ids that are numbers, as they were sent: a double cannot hold every one of them, and an id comes back
 * unchanged. Parses a second time, so it is asked only when some id is not a safe integer.
 */
export function readIdSources(text: string): readonly (string | undefined)[] {
  const parsed: unknown = JSON.parse(text, keepIdSource);
  return (Array.isArray(parsed) ? parsed : [parsed]).map((entry: unknown) => {
    const id: unknown = isRecord(entry) && "id" in entry ? entry["id"] : undefined;
    return id instanceof IdSource ? id.text : undefined;
  });
}

export function hasUnsafeId(value: unknown): boolean {
  return isRecord(value) && typeof value["id"] === "number" && !Number.isSafeInteger(value["id"]);
}

class IdSource {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function keepIdSource(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === "id" && typeof value === "number" ? new IdSource(context?.source ?? String(value)) : value;
}

const longestNumber = 64;

function idText(id: unknown, source: string | undefined): string | false {
  if (typeof id === "string") return JSON.stringify(id);
  if (id === null) return "null";
  if (typeof id !== "number") return false;
  if (source !== undefined) return source.length <= longestNumber ? source : false;
  return String(id);
}

function misfit(id: string, problem: string): Misfit {
  return { id, problem: fault.invalidRequest({ problem }) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
