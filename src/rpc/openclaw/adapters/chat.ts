import { Type } from "@sinclair/typebox";
import { fault } from "#protocol";
import { MessageText, readMessageText } from "../../message-text.ts";
import type { AnyMethod, MethodContext } from "../../method.ts";
import { chatAbort } from "../../methods/chat.abort.ts";
import { chatHistory } from "../../methods/chat.history.ts";
import { chatSend, IdempotencyKey } from "../../methods/chat.send.ts";
import { chatStartup } from "../../methods/chat.startup.ts";
import { commandsList } from "../../methods/commands.list.ts";
import { AgentId, readSessionKey, SessionKey } from "../../session-key.ts";
import { adapt, open, own } from "./adapter.ts";
import { SentAttachments, sentAttachments } from "./attachments.ts";
import { commandEntry, isInMenus } from "./commands.ts";
import { HistoryParams, historyOf } from "./history.ts";
import { modelChoice } from "./models.ts";

const agentId = Type.Optional(AgentId);

export const chat: readonly AnyMethod[] = [
  adapt(chatSend, {
    params: Type.Object(
      {
        sessionKey: SessionKey,
        agentId,
        message: MessageText,
        idempotencyKey: IdempotencyKey,
        attachments: SentAttachments,
        suppressCommandInterpretation: Type.Optional(Type.Boolean()),
      },
      open,
    ),
    ask: ({
      sessionKey,
      agentId: of,
      message,
      attachments,
      idempotencyKey,
      suppressCommandInterpretation: isPlain,
    }) => ({
      ...sentAttachments(attachments),
      sessionKey,
      message,
      idempotencyKey,
      ...(of !== undefined && { agentId: of }),
      ...(isPlain !== undefined && { isPlain }),
    }),
    answer: ({ runId, status }, { context }) => {
      context.interests().started(runId);
      if (status === "aborted") return { runId, status: "timeout", summary: "aborted", stopReason: "rpc" };
      return { runId, status, ...(status === "error" && { summary: "failed" }) };
    },
  }),
  adapt(chatAbort, {
    params: Type.Object({ sessionKey: SessionKey, agentId, runId: chatAbort.params.properties.runId }, open),
    ask: ({ sessionKey, agentId: of, runId }, { services }) => ({
      sessionKey: readSessionKey(sessionKey, services, of),
      ...(runId !== undefined && { runId }),
    }),
    answer: (result) => result,
  }),
  own({ name: chatHistory.name, scope: chatHistory.scope, params: HistoryParams, handle: historyOf }),
  own({
    name: chatStartup.name,
    scope: chatStartup.scope,
    params: HistoryParams,
    handle: async (params, context) => ({ ...(await historyOf(params, context)), metadata: await metadataOf(context) }),
  }),
  own({
    name: "chat.metadata",
    scope: chatStartup.scope,
    params: Type.Object({}, open),
    handle: (_params, context) => metadataOf(context),
  }),
  own({
    name: "chat.inject",
    scope: "operator.admin",
    effect: "once",
    params: Type.Object(
      { sessionKey: SessionKey, agentId, message: MessageText, label: Type.Optional(Type.String({ maxLength: 100 })) },
      open,
    ),
    handle: inject,
  }),
];

/** What a client offers in a chat: models to choose and commands to type. */
async function metadataOf(context: MethodContext) {
  const { commands } = await commandsList.handle({}, context);
  return {
    models: context.services.models().map(modelChoice),
    commands: commands.map((command) => commandEntry(command, { includeArgs: true, inMenus: isInMenus(context) })),
    swarmEnabled: false,
  };
}

/** Says something in a conversation that is there, as if the agent had. */
async function inject(
  asked: { readonly sessionKey: string; readonly agentId?: string; readonly message: string; readonly label?: string },
  context: MethodContext,
) {
  const { message, label } = asked;
  const key = readSessionKey(asked.sessionKey, context.services, asked.agentId);
  if (!(await context.services.sessions.state(key))) throw fault.sessionNotFound({ key });
  const text = readMessageText(label === undefined ? message : `[${label}]\n\n${message}`, "message");
  const { messageId } = await context.services.gateway.send({ channel: "webchat", chat: key }, text);
  return { ok: true, messageId };
}
