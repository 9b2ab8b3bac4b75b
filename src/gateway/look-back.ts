import { type ModelInput, modelRequest } from "#agent";
import type { Storage } from "#storage";
import { Check } from "@sinclair/typebox/value";
import type { Asked, Moment } from "./gateway.ts";
import type { House } from "./house.ts";
import { KeptPrompt } from "./prompts.ts";

/** A session as it was after that event, and what its model had been asked last. */
export async function lookBack({ sessions, storage }: House, sessionKey: string, seq: number): Promise<Moment> {
  const { asked, ...moment } = await sessions.past(sessionKey, seq);
  if (!asked) return moment;
  const { answer, prompt: hash, conversation } = asked;
  const prompt = await readPrompt(storage, hash);
  if (!prompt) return moment;
  const { system, tools: specs, contextWindow, maxTokens, input = ["text"] } = prompt;
  const { provider, model: id, runId, withoutPictures = false } = answer.event;
  const taken: readonly ModelInput[] = withoutPictures ? ["text"] : input;
  const model = { id, contextWindow, maxTokens, input: taken };
  const frame = { sessionId: moment.sessionId, system, tools: { specs }, model };
  const request = modelRequest(frame, conversation);
  return {
    ...moment,
    asked: { answerSeq: answer.seq, runId, provider, promptHash: hash, contextWindow, request } satisfies Asked,
  };
}

async function readPrompt(storage: Storage, hash: string): Promise<KeptPrompt | undefined> {
  const blob = await storage.blob(hash);
  if (!blob) return undefined;
  const kept: unknown = JSON.parse(new TextDecoder().decode(blob.bytes));
  return Check(KeptPrompt, kept) ? kept : undefined;
}
