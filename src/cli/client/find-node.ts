import { Type } from "@sinclair/typebox";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import type { Client } from "./client.ts";
import { expectShape } from "./wire.ts";

const Listing = Type.Object({
  nodes: Type.Array(Type.Object({ nodeId: Type.String(), displayName: Type.Optional(Type.String()) })),
});

/** Shorter beginnings are taken for names. */
const shortestPrefix = 6;

/** The id of the node that a person means. What fits several nodes means none: a node may call itself what it likes. */
export async function findNode(context: CliContext, client: Client, wanted: string): Promise<string> {
  const answer = await client.call("node.list", {}, { signal: context.signal });
  const { nodes } = expectShape(Listing, answer, "list of nodes");
  const exact = nodes.find(({ nodeId }) => nodeId === wanted);
  if (exact) return exact.nodeId;
  const isMeant = ({ nodeId, displayName }: (typeof nodes)[number]) =>
    displayName === wanted || (wanted.length >= shortestPrefix && nodeId.startsWith(wanted));
  const [first, second] = nodes.filter(isMeant);
  if (first && !second) return first.nodeId;
  const message = first ? `Several nodes fit “${wanted}”.` : `There is no node “${wanted}”.`;
  const type = first ? "nodeAmbiguous" : "nodeNotFound";
  throw new CommandFailed({ type, message, advice: "`openclaw nodes list --json` shows their ids." });
}
