import { Fault } from "#protocol";

const temporary: ReadonlySet<string> = new Set(["storageUnavailable", "queueFull", "shuttingDown"]);

/** Says nothing against the message: it may be tried again as often as it takes. */
export function isTemporary(error: unknown): boolean {
  return error instanceof Fault && temporary.has(error.code);
}
