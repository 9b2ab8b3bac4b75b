import { noUsage } from "#protocol";
import type { SessionSummary } from "#sessions";
import type { MethodContext } from "../method.ts";
import { configuredModel } from "../session-key.ts";
import { status as statusMethod } from "../methods/status.ts";
import type { Command } from "./command.ts";

export const status: Command = {
  name: "status",
  aliases: [],
  summary: "Shows how the gateway and this conversation are.",
  category: "status",
  method: statusMethod,
  run: async ({ sessionKey, context }) => {
    const { version, model, turns, storage, sandbox } = await statusMethod.handle({}, context);
    const { settings, messageCount, usage } = await summaryOf(sessionKey, context);
    return [
      `OpenClaw on Bun ${version}`,
      `Model: ${settings.model ?? configuredModel(sessionKey, context.services) ?? model}`,
      `This conversation: ${messageCount} messages, ${usage.input} tokens in, ${usage.output} out`,
      `Turns: ${turns.running} running, ${turns.waiting} waiting`,
      `Storage: ${storage.backend}, ${storage.ok ? "in order" : (storage.problem ?? "not in order")}`,
      `Commands of the agent: ${sandbox.canRun ? `run in ${sandbox.backend}` : sandbox.because}`,
    ].join("\n");
  },
};

async function summaryOf(sessionKey: string, { services }: MethodContext): Promise<SessionSummary> {
  const state = await services.sessions.state(sessionKey);
  return state?.summary ?? { settings: {}, messageCount: 0, usage: noUsage };
}
