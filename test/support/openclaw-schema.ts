import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { Value } from "typebox/value";

/** The shapes of the original's own schema, by what is named in a frame. Where it has none, the frame alone is checked. */
const payloads: Readonly<Record<string, keyof typeof ProtocolSchemas>> = {
  agent: "AgentEvent",
  chat: "ChatEvent",
  "device.pair.requested": "DevicePairRequestedEvent",
  "device.pair.resolved": "DevicePairResolvedEvent",
  "node.invoke.request": "NodeInvokeRequestEvent",
  shutdown: "ShutdownEvent",
  tick: "TickEvent",
};

const results: Readonly<Record<string, keyof typeof ProtocolSchemas>> = {
  "agent.identity.get": "AgentIdentityResult",
  "agents.list": "AgentsListResult",
  "channels.pairing.approve": "ChannelsPairingApproveResult",
  "channels.pairing.dismiss": "ChannelsPairingDismissResult",
  "channels.pairing.list": "ChannelsPairingListResult",
  "channels.status": "ChannelsStatusResult",
  "device.pair.setupCode": "DevicePairSetupCodeResult",
  "device.pair.setupStatus": "DevicePairSetupStatusResult",
  "device.token.rotate": "DeviceTokenRotateResult",
  "commands.list": "CommandsListResult",
  "config.schema": "ConfigSchemaResponse",
  "config.schema.lookup": "ConfigSchemaLookupResult",
  "logs.tail": "LogsTailResult",
  "models.list": "ModelsListResult",
  "node.event": "NodeEventResult",
  "question.list": "QuestionListResult",
  "sessions.create": "SessionsCreateResult",
  "sessions.delete": "SessionsDeleteResult",
  "sessions.resolve": "SessionsResolveResult",
  "system.info": "SystemInfoResult",
  "taskSuggestions.list": "TaskSuggestionsListResult",
  "tools.catalog": "ToolsCatalogResult",
  "tools.effective": "ToolsEffectiveResult",
};

/** What is wrong with a frame that the server sent, by the original's schema; nothing when nothing is. */
export function schemaProblems(text: string): string[] {
  const frame = JSON.parse(text) as {
    type: string;
    event?: string;
    payload?: { type?: string; auth?: Record<string, unknown> };
  };
  const problems = against("GatewayFrame", frame);
  if (frame.payload?.type === "hello-ok") problems.push(...against("HelloOk", helloAsRecorded(frame.payload)));
  const schema = frame.event === undefined ? undefined : payloads[frame.event];
  if (schema) problems.push(...against(schema, asRecorded(frame.event, frame.payload)));
  return problems;
}

/** The same for the result of a method. */
export function resultProblems(method: string, result: unknown): string[] {
  const schema = results[method];
  if (!schema) throw new Error(`the original has no schema for the result of ${method}`);
  return against(schema, result);
}

/** What is wrong with a connect that we send. */
export function connectProblems(params: unknown): string[] {
  return against("ConnectParams", params);
}

/** The same for what a cursor of `chat.history` brings. */
export function deltaProblems(result: unknown): string[] {
  return against("ChatHistoryCursorResult", result);
}

/** The same for the row of a session. */
export function sessionRowProblems(row: unknown): string[] {
  return against("SessionRow", row);
}

/** The original sends these two with every `agent` event, though its schema is closed to them. */
function asRecorded(event: string | undefined, payload: unknown): unknown {
  if (event !== "agent") return payload;
  const { sessionKey: _key, agentId: _agent, ...rest } = payload as Record<string, unknown>;
  return rest;
}

/** The original says by which method a client came in, though its schema is closed to that. */
function helloAsRecorded(hello: { auth?: Record<string, unknown> }): unknown {
  const { method: _method, ...auth } = hello.auth ?? {};
  return { ...hello, auth };
}

function against(name: keyof typeof ProtocolSchemas, value: unknown): string[] {
  if (Value.Check(ProtocolSchemas[name], value)) return [];
  return Value.Errors(ProtocolSchemas[name], value).map(
    (error) => `${name} ${error.instancePath}: ${error.message} in ${JSON.stringify(value).slice(0, 300)}`,
  );
}
