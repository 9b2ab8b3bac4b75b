/**
 * What a failed statement means. `refused`: the server said no, so it did nothing. `lost`: the answer never came, so what
 * became of the statement is not known. Anything else is a mistake of ours.
 */
export type Trouble = { readonly type: "refused" | "lost"; readonly problem: string };

/** The server did not answer in time, though it may still be at work. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/**
 * By SQLSTATE, or its first two characters, in words for a person.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const refusals: readonly (readonly [string, string])[] = [
  ["28", "the server does not accept the user or the password"],
  ["3D000", "the database does not exist"],
  ["42501", "the user may not do this in the database"],
  ["25006", "the server only reads: it is a replica"],
  ["53100", "the server's disk is full"],
  ["53200", "the server has no memory left"],
  ["53300", "the server takes no more connections"],
  ["53", "the server has too little of something"],
  ["55P03", "another transaction holds what this one needs"],
  ["57014", "the statement took too long"],
  ["40", "another transaction was in the way"],
  ["58", "the server's disk reported an error"],
  ["XX", "the server found itself damaged"],
];

/** The connection ends with these, and with it perhaps the answer to something that was done. */
const partings: readonly (readonly [string, string])[] = [
  ["57P01", "the server is stopping"],
  ["57P02", "the server crashed"],
  ["57P03", "the server is starting"],
  ["57P05", "the server closed an idle connection"],
  ["08", "the connection failed"],
];

export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof NoAnswer) return { type: "lost", problem: "the server does not answer" };
  const { code, state } = codesOf(error);
  if (state !== undefined) return troubleOfState(state);
  if (code === undefined || mistakes.includes(code)) return undefined;
  const problem = refusedConnections.find(([part]) => code.includes(part))?.[1];
  if (problem !== undefined) return { type: "refused", problem };
  if (code.includes("TIMEOUT")) return { type: "lost", problem: "the server does not answer" };
  return { type: "lost", problem: "the connection was lost" };
}

function troubleOfState(state: string): Trouble | undefined {
  const parting = wordsFor(partings, state);
  if (parting !== undefined) return { type: "lost", problem: parting };
  const refusal = wordsFor(refusals, state);
  return refusal === undefined ? undefined : { type: "refused", problem: refusal };
}

/** By a part of the client's code: it never came to a statement. */
const refusedConnections: readonly (readonly [string, string])[] = [
  ["CONNECTION_REFUSED", "the server cannot be reached"],
  ["AUTHENTICATION", "the server does not accept the user or the password"],
  ["PASSWORD", "the server does not accept the user or the password"],
  ["SASL", "the server does not accept the user or the password"],
  ["TLS", "the server does not offer the encryption that is asked for"],
];

/** The server's own code of an error, where there is one. */
export function sqlState(error: unknown): string | undefined {
  return codesOf(error).state;
}

/** Codes that speak of a wrong use of the client. */
const mistakes: readonly string[] = [
  "ERR_POSTGRES_SYNTAX_ERROR",
  "ERR_POSTGRES_INVALID_QUERY_BINDING",
  "ERR_POSTGRES_UNSUPPORTED_ARRAY_FORMAT",
  "ERR_POSTGRES_OVERFLOW",
];

function codesOf(error: unknown): { readonly code?: string; readonly state?: string } {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return {};
  if (!error.code.startsWith("ERR_POSTGRES_")) return {};
  const state = "errno" in error && typeof error.errno === "string" ? error.errno : undefined;
  return { code: error.code, ...(state !== undefined && { state }) };
}

function wordsFor(list: readonly (readonly [string, string])[], state: string): string | undefined {
  return list.find(([prefix]) => state.startsWith(prefix))?.[1];
}
