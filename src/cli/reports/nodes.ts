import { Type } from "@sinclair/typebox";
import { asCalled } from "../called-as.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";

const names = Type.Array(Type.String());

const Row = Type.Object({
  nodeId: Type.String(),
  displayName: Type.Optional(Type.String()),
  platform: Type.String(),
  connected: Type.Boolean(),
  approvalState: Type.String(),
  caps: names,
  commands: names,
});

const Listing = Type.Object({ nodes: Type.Array(Row) });

const Details = Type.Object({
  ...Row.properties,
  pending: Type.Optional(Type.Object({ requestId: Type.String(), caps: names, commands: names })),
});

const Pending = Type.Object({
  pending: Type.Array(
    Type.Object({
      requestId: Type.String(),
      nodeId: Type.String(),
      displayName: Type.Optional(Type.String()),
      platform: Type.String(),
      commands: names,
      requiredApproveScopes: names,
    }),
  ),
});

const shownIdLength = 12;

export async function printNodes(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { nodes } = expectShape(Listing, answer, "list of nodes");
  if (json) return print(context, safeJson(answer));
  if (nodes.length === 0) return print(context, "No node is paired yet.");
  const rows = nodes.map(({ nodeId, displayName, platform, connected, approvalState, commands }) => [
    shortId(nodeId),
    safeLine(displayName ?? ""),
    safeLine(platform),
    connected ? "connected" : "away",
    safeLine(approvalState),
    `${commands.length}`,
  ]);
  return print(context, columns([["node", "name", "platform", "", "approval", "commands"], ...rows]));
}

export async function printNode(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const node = expectShape(Details, answer, "description of a node");
  if (json) return print(context, safeJson(answer));
  const { pending } = node;
  const lines = [
    ["id", safeLine(node.nodeId)],
    ["name", safeLine(node.displayName ?? "")],
    ["platform", safeLine(node.platform)],
    ["state", node.connected ? "connected" : "away"],
    ["approval", safeLine(node.approvalState)],
    ["commands", list(node.commands)],
    ...(pending ? [["waiting", `${list(pending.commands)} (request ${safeLine(pending.requestId)})`]] : []),
  ];
  return print(context, columns(lines));
}

export async function printPending(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { pending } = expectShape(Pending, answer, "list of requests");
  if (json) return print(context, safeJson(answer));
  if (pending.length === 0) return print(context, "Nothing waits for approval.");
  const told = pending.map(({ requestId, nodeId, displayName, platform, commands, requiredApproveScopes }) => {
    const who = `${safeLine(displayName ?? "")} ${shortId(nodeId)}, ${safeLine(platform)}`.trim();
    return `${safeLine(requestId)}  ${who}\n  wants: ${list(commands)}\n  needs: ${list(requiredApproveScopes)}`;
  });
  const advice = asCalled(context, "`openclaw nodes approve <request>` approves one.");
  return print(context, `${told.join("\n")}\n${advice}`);
}

async function print(context: CliContext, text: string): Promise<number> {
  await context.stdout.write(`${text}\n`);
  return 0;
}

function shortId(nodeId: string): string {
  return safeLine(nodeId).slice(0, shownIdLength);
}

function list(entries: readonly string[]): string {
  return entries.map(safeLine).join(", ") || "nothing";
}
