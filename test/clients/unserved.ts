import { appendFileSync } from "node:fs";
import type { Relay } from "../support/recording-relay.ts";

/** Names the file that the refusals are written to, one a line. Without it they are not. */
export const reportVariable = "OPENCLAW_CLIENTS_REPORT";

/** The calls that were answered with an error: their methods, and the words. */
export function refusals({ asked, said }: Pick<Relay, "asked" | "said">): readonly string[] {
  const methods = new Map(asked.map(readFrame).map(({ id, method }) => [id, method]));
  return said
    .map(readFrame)
    .filter(({ type, ok }) => type === "res" && ok === false)
    .map(({ id, error }) => `${methods.get(id) ?? "unknown"}: ${error?.message ?? ""}`);
}

export function writeRefusals(client: string, relay: Relay): void {
  const file = process.env[reportVariable];
  const lines = refusals(relay).map((refusal) => `${client}: ${refusal}\n`);
  if (file !== undefined && lines.length > 0) appendFileSync(file, lines.join(""));
}

interface AnyFrame {
  readonly type?: string;
  readonly id?: string;
  readonly method?: string;
  readonly ok?: boolean;
  readonly error?: { readonly message?: string };
}

function readFrame(text: string): AnyFrame {
  return JSON.parse(text) as AnyFrame;
}
