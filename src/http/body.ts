import { fault } from "#protocol";

/** The whole body as text, of which at most `mostBytes` are ever held. Throws `tooLarge`, or `parseError` for what is not UTF-8. */
export async function readBody(request: Request, mostBytes: number): Promise<string> {
  const tooLarge = () => fault.tooLarge({ problem: `The body is larger than ${mostBytes} bytes` });
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw fault.parseError({ problem: "the body is not UTF-8" }, error);
  }
}

/** A body as the object it has to be; no body is an empty one. Throws `parseError` or `invalidRequest`. */
export function parseJsonObject(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  if (isTooDeep(text)) throw fault.invalidRequest({ problem: `it is nested deeper than ${deepest} levels` });
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fault.invalidRequest({ problem: "the body has to be a JSON object" });
  }
  // Copied elsewhere by assignment, this key would replace the copy's prototype.
  if (Object.hasOwn(value, "__proto__")) throw fault.invalidRequest({ problem: "“__proto__” is not a parameter" });
  return { ...value };
}

const deepest = 64;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault.parseError({ problem: error instanceof Error ? error.message : "unreadable" }, error);
  }
}

/** Counted before parsing: what `JSON.parse` nests without complaint ends a later recursive walk with a `RangeError`. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const at = text[i];
    if (at === '"') i = endOfString(text, i);
    else if (at === "{" || at === "[") depth += 1;
    else if (at === "}" || at === "]") depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}

/** Where the string that opens at `start` closes, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}
