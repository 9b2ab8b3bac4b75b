import type { Fault } from "#protocol";
import type { ErrorShape } from "./frame.ts";

/** Why a node did not do what it was asked, in the words that its clients know; undefined for all other faults. */
export function nodeError(problem: Fault): ErrorShape | undefined {
  const { data } = problem;
  if (problem.code === "nodeNotConnected") return notConnected("node not connected", false);
  if (problem.code === "nodeLeft") return notConnected("node disconnected", true);
  if (problem.code === "nodeTimedOut") return failed("TIMEOUT", "node invoke timed out");
  if (problem.code === "nodeFailed") return failed(String(data["nodeCode"]), String(data["problem"]));
  if (problem.code === "nodeCommandNotAllowed") {
    const { command, reason } = data;
    const message = `node command not allowed: ${reason}`;
    return { code: "INVALID_REQUEST", message, details: { reason, command } };
  }
  return undefined;
}

function notConnected(message: string, wasAsked: boolean): ErrorShape {
  const code = "NOT_CONNECTED";
  const details = { code, nodeError: { code, message }, nodeCommandDispatched: wasAsked };
  return { code: "UNAVAILABLE", message, details };
}

function failed(code: string, message: string): ErrorShape {
  const details = { nodeError: { code, message }, nodeCommandDispatched: true };
  return { code: "UNAVAILABLE", message: `${code}: ${message}`, details };
}
