import { Type } from "@sinclair/typebox";
import { SessionSummary } from "#sessions";
import { closed, defineMethod } from "../method.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";
import { ExportedEvent } from "./sessions.export.ts";

const Prompt = Type.Object({
  answerSeq: Type.Integer({ description: "The answer that the model gave to it." }),
  runId: Type.String(),
  provider: Type.String(),
  model: Type.String(),
  promptHash: Type.String({ description: "Of the system prompt, the tools and the limits, as they were kept." }),
  contextWindow: Type.Number(),
  maxTokens: Type.Number(),
  system: Type.String(),
  messages: Type.Array(Type.Unknown(), { description: "What was left of the conversation in the model's window." }),
  tools: Type.Array(Type.Unknown()),
});

export const sessionsAt = defineMethod({
  name: "sessions.at",
  summary: "A session as it was after one event of its log, and word by word what its model had been asked last.",
  scope: "operator.read",
  params: Type.Object({ sessionKey: SessionKey, seq: Type.Integer({ minimum: 1 }) }, closed),
  result: Type.Object({
    sessionKey: Type.String(),
    sessionId: Type.String(),
    seq: Type.Integer(),
    headSeq: Type.Integer({ description: "Where the log ends now." }),
    event: ExportedEvent,
    state: SessionSummary,
    prompt: Type.Union([Prompt, Type.Null()]),
  }),
  handle: async ({ sessionKey, seq }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    const { sessionId, headSeq, event, summary, asked } = await services.gateway.at(key, seq);
    const place = { sessionKey: key, sessionId, seq, headSeq, event, state: summary };
    if (!asked) return { ...place, prompt: null };
    const { request, ...about } = asked;
    const { model, system, maxTokens } = request;
    const said = { messages: [...request.messages], tools: [...request.tools] };
    return { ...place, prompt: { ...about, model, system, maxTokens, ...said } };
  },
});
