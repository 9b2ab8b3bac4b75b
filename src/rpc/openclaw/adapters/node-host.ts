import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import { type AnyMethod, defineMethod, type MethodContext } from "../../method.ts";
import { NodeId } from "../../node-row.ts";
import { open } from "./adapter.ts";

const forNodes = { scope: "operator.read", role: "node" } as const;
const name = Type.String({ minLength: 1, maxLength: 256 });

const Descriptor = Type.Object({ name }, open);

/** What nodes say, and JSON-RPC has no words for: nodes speak this dialect alone. */
export const nodeHost: readonly AnyMethod[] = [
  defineMethod({
    name: "node.event",
    summary: "A node tells how it is doing. Nothing that it tells starts anything.",
    ...forNodes,
    params: Type.Object(
      { event: name, payload: Type.Optional(Type.Unknown()), payloadJSON: Type.Optional(Type.String()) },
      open,
    ),
    result: Type.Object({ ok: Type.Boolean(), event: name, handled: Type.Boolean(), reason: Type.String() }),
    handle: async ({ event, payload, payloadJSON }, context) =>
      (await context.nodes()).told(event, payloadJSON ?? payload, context.caller),
  }),
  defineMethod({
    name: "node.invoke.progress",
    summary: "A node reports of its work on what it was asked.",
    ...forNodes,
    params: Type.Object(
      { invokeId: name, nodeId: NodeId, seq: Type.Integer({ minimum: 0 }), chunk: Type.String({ maxLength: 16_384 }) },
      open,
    ),
    result: Type.Object({ ok: Type.Literal(true), ignored: Type.Optional(Type.Literal(true)) }),
    handle: async (progress, context) => received((await context.nodes()).isAwaited(progress, context.caller)),
  }),
  defineMethod({
    name: "node.invoke.result",
    summary: "A node answers what it was asked.",
    ...forNodes,
    params: Type.Object(
      {
        id: name,
        nodeId: NodeId,
        ok: Type.Boolean(),
        payload: Type.Optional(Type.Unknown()),
        payloadJSON: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        error: Type.Optional(
          Type.Union([
            Type.Object({ code: Type.Optional(Type.String()), message: Type.Optional(Type.String()) }, open),
            Type.Null(),
          ]),
        ),
      },
      open,
    ),
    result: Type.Object({ ok: Type.Literal(true), ignored: Type.Optional(Type.Literal(true)) }),
    handle: async ({ payloadJSON, error, ...answer }, context) => {
      const said = {
        ...answer,
        ...(typeof payloadJSON === "string" && { payloadJSON }),
        ...(error && { error }),
      };
      return received((await context.nodes()).answered(said, context.caller));
    },
  }),
  defineMethod({
    name: "node.pluginTools.update",
    summary: "A node names the tools of its plugins; they are shown to operators.",
    ...forNodes,
    params: Type.Object({ tools: Type.Array(Descriptor, { maxItems: 512 }) }, open),
    result: Type.Object({ nodeId: NodeId, tools: Type.Array(Descriptor) }),
    handle: async ({ tools }, context) => {
      const named = tools.map((tool) => ({ name: tool.name }));
      (await context.nodes()).toldPluginTools(namesOf(named), context.caller);
      return { nodeId: nodeIdOf(context), tools: named };
    },
  }),
  defineMethod({
    name: "node.runnerInventory.update",
    summary: "A node says whether it could host sessions; none are put there.",
    ...forNodes,
    params: Type.Object({}, open),
    result: Type.Object({ nodeId: NodeId }),
    handle: async (_params, context) => {
      const nodes = await context.nodes();
      if (await nodes.isApproved(context.caller)) return { nodeId: nodeIdOf(context) };
      throw fault.nodeUnapproved({});
    },
  }),
  defineMethod({
    name: "node.skills.update",
    summary: "A node names the skills that it has; they are shown to operators.",
    ...forNodes,
    params: Type.Object({ skills: Type.Array(Descriptor, { maxItems: 64 }) }, open),
    result: Type.Object({ nodeId: NodeId, skills: Type.Array(Descriptor) }),
    handle: async ({ skills }, context) => {
      const named = skills.map((skill) => ({ name: skill.name }));
      (await context.nodes()).toldSkills(namesOf(named), context.caller);
      return { nodeId: nodeIdOf(context), skills: named };
    },
  }),
];

function namesOf(named: readonly { readonly name: string }[]): string[] {
  return named.map((one) => one.name);
}

function nodeIdOf({ caller }: MethodContext): string {
  return caller.deviceId ?? "";
}

function received(wasAwaited: boolean) {
  return { ok: true as const, ...(!wasAwaited && { ignored: true as const }) };
}
