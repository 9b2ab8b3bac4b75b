import { clip, newId } from "#base";
import type { Devices } from "#devices";
import { type Fault, fault, permits } from "#protocol";
import type { Gateway } from "#gateway";
import { Check } from "@sinclair/typebox/value";
import type { Caller } from "../caller.ts";
import { keyedRequest } from "../idempotency.ts";
import { forwardedParams, scopeOf } from "./commands.ts";
import { type NodeRequest, Outcome } from "./invocation.ts";
import type { Invocations } from "./invocations.ts";
import type { LiveNode } from "./live-node.ts";
import { readJson } from "./node-events.ts";

/** What somebody wants of a node. */
export interface Asked {
  readonly nodeId: string;
  readonly command: string;
  readonly params?: unknown;
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
}

export interface Answer {
  readonly payload: unknown;
  /** As the node wrote it; null when it said nothing. */
  readonly payloadJson: string | null;
}

/** Where what was asked under a key is remembered, also after a restart. */
export type Memory = Pick<Gateway, "once">;

interface Around {
  readonly memory: Memory | undefined;
  readonly node: LiveNode;
  readonly by: Caller;
  readonly signal: AbortSignal;
  readonly devices: Devices;
  readonly invocations: Invocations;
}

const usualTimeoutMs = 30_000;
const longestError = 4_096;
/** Of an answer that is looked into; a text of any other kind is handed on as it is. */
const answerLimits = { jsonDepth: 64, jsonElements: 50_000 };

/** May this caller ask this of this node, now? Then the node is asked, unless it was before. */
export async function invokeNode(asked: Asked, around: Around): Promise<Answer> {
  const { nodeId, command, params, timeoutMs = usualTimeoutMs, idempotencyKey = newId() } = asked;
  const { node, by, signal, invocations } = around;
  const scope = scopeOf(command);
  if (!permits(by.scopes, scope)) throw fault.missingScope({ scope });
  await checkCommand(command, around);
  const key = `${by.deviceId ?? "token"} ${idempotencyKey}`;
  const fingerprint = digest([nodeId, command, params]);
  const earlier = invocations.earlier({ key, fingerprint }, signal);
  if (earlier) return answerOf(await earlier, nodeId);
  const ask = () => {
    signal.throwIfAborted();
    if (node.line.signal.aborted) throw fault.nodeNotConnected({ node: nodeId });
    const paramsJson = params === undefined ? undefined : JSON.stringify(forwardedParams(command, params));
    const request: NodeRequest = { command, paramsJson, timeoutMs, idempotencyKey };
    return invocations.ask(node, request, { key, fingerprint }).outcome(signal);
  };
  const { memory } = around;
  if (!memory || asked.idempotencyKey === undefined) return answerOf(await ask(), nodeId);
  const about = { method: "node.invoke", params: { nodeId, command, params }, key: asked.idempotencyKey };
  const outcome = await memory.once(keyedRequest(about, by), async () => ask());
  if (!Check(Outcome, outcome)) throw new TypeError("what a node answered was kept as something else");
  return answerOf(outcome, nodeId);
}

/** What was approved once and is not offered on this very connection is as closed as what nobody approved. */
async function checkCommand(command: string, { node, devices }: Around): Promise<void> {
  const said = clip(command, 128);
  if (!node.claims.surface.commands.includes(command)) {
    throw fault.nodeCommandNotAllowed({ command: said, reason: "command not declared by node" });
  }
  const isOnRecord = await node.isOnRecord;
  const surface = (await devices.surfaces()).find(({ nodeId }) => nodeId === node.nodeId);
  if (!isOnRecord || !surface?.live.commands.includes(command)) {
    throw fault.nodeCommandNotAllowed({ command: said, reason: "command not approved" });
  }
}

function answerOf(outcome: Outcome, node: string): Answer {
  switch (outcome.ended) {
    case "ok":
      return { payload: readJson(outcome.payloadJson, answerLimits) ?? null, payloadJson: outcome.payloadJson ?? null };
    case "failed":
      throw failed(outcome);
    case "timedOut":
      throw fault.nodeTimedOut({ node, timeoutMs: outcome.timeoutMs });
    case "left":
      throw fault.nodeLeft({ node });
    case "cancelled":
      throw failed({ code: "CANCELLED", message: "who asked for it has gone before it was done" });
  }
}

function failed({ code, message }: { readonly code: string; readonly message: string }): Fault {
  return fault.nodeFailed({ nodeCode: clip(code, 128), problem: clip(message, longestError) });
}

function digest(value: unknown): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(value)).digest("base64");
}
