import { Fault } from "#protocol";
import { Type } from "@sinclair/typebox";
import { connect } from "../client/client.ts";
import { findTarget, type Target } from "../client/target.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";

/** Whether a gateway of these settings runs, and has taken up what was written. */
export type Told =
  | { readonly isTaken: true; readonly restartRequired: readonly string[] }
  /** With a problem, it runs, and goes on with what it had. */
  | { readonly isTaken: false; readonly problem?: string };

/** Where the gateway of these settings listens. To be asked before they are changed: the change may be of its port. */
export async function findGateway(context: CliContext, config: string | undefined): Promise<Target | undefined> {
  try {
    return await findTarget(context, { config, url: undefined, token: undefined, tokenFile: undefined });
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof Fault) return undefined; // settings that are to be mended
    throw error;
  }
}

const Reloaded = Type.Object({ restartRequired: Type.Array(Type.String()) });

/** Lets it read its file again. */
export async function tellGateway(context: CliContext, gateway: Target | undefined): Promise<Told> {
  if (!gateway) return { isTaken: false };
  try {
    using client = await connect(gateway, context.signal);
    const answer = await client.call("config.reload", {}, { signal: context.signal });
    return { isTaken: true, restartRequired: expectShape(Reloaded, answer, "answer").restartRequired };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof CommandFailed)) throw error;
    return error.type === "configInvalid" ? { isTaken: false, problem: error.message } : { isTaken: false };
  }
}

/** What comes of a change, for a person. */
export function sayTold(told: Told): string {
  if (told.isTaken && told.restartRequired.length === 0) return "The gateway has taken it up.";
  if (told.isTaken) return `The gateway has read it; started again, it takes up ${told.restartRequired.join(", ")}.`;
  if (told.problem === undefined) return "No gateway has taken it up yet: it counts from the next start.";
  return `The gateway that runs goes on with what it had, because it would not start with this: ${told.problem}`;
}
