import { faultCodes, faults } from "#protocol";
import { code, table } from "./markdown.ts";

/** Every planned failure, by its code. */
export function faultsChapter(): string {
  const rows = faultCodes()
    .toSorted()
    .map((name) => {
      const { rpc, status, retryable, says } = faults[name];
      return [code(name), `${rpc}`, `${status}`, retryable ? "yes" : "", says];
    });
  const lead = "An answer over JSON-RPC has the number, one over HTTP the status; both have the code.";
  return `## Faults\n\n${lead}\n\n${table(["code", "number", "HTTP", "worth a retry", "says"], rows)}`;
}
