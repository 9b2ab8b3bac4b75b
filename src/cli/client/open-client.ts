import type { CliContext } from "../context.ts";
import { type Client, connect } from "./client.ts";
import { findTarget, type TargetOptions } from "./target.ts";

/** A connection to the gateway that a command line means. */
export async function openClient(context: CliContext, options: TargetOptions): Promise<Client> {
  return connect(await findTarget(context, options), context.signal);
}
