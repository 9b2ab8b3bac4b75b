import { type Static, Type } from "@sinclair/typebox";
import { newId } from "#base";
import { type Fault, fault } from "#protocol";
import type { Receipt } from "#gateway";
import { Attachments, readAttachments } from "../attachments.ts";
import { MessageText, readMessageText } from "../message-text.ts";
import { closed, defineMethod, type MethodContext } from "../method.ts";
import { AgentId, readLiveKey, SessionKey } from "../session-key.ts";

/** Where what is said over RPC comes from: the channel of those who read the log themselves. */
const channel = "webchat";
const sender = "operator";

const SendStatus = Type.Union(
  [
    Type.Literal("started"),
    Type.Literal("in_flight"),
    Type.Literal("ok"),
    Type.Literal("aborted"),
    Type.Literal("error"),
  ],
  { description: "`started`, or how the run stands when the message had been sent before." },
);

export const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
  description: "The same key is the same message, taken once. It becomes the run's id.",
});

export const chatSend = defineMethod({
  name: "chat.send",
  summary: "Says something in a session; answers as soon as it is on disk. What comes back arrives as events.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "POST", path: "/chat" },
  params: Type.Object(
    {
      sessionKey: SessionKey,
      agentId: Type.Optional(AgentId),
      message: MessageText,
      attachments: Type.Optional(Attachments),
      idempotencyKey: Type.Optional(IdempotencyKey),
      isPlain: Type.Optional(
        Type.Boolean({ description: "For the model, also when it reads like one of our commands (`commands.list`)." }),
      ),
    },
    closed,
  ),
  result: Type.Object({
    runId: Type.String(),
    status: SendStatus,
  }),
  handle: async (params, context) => {
    const { sessionKey, agentId, message, attachments = [], idempotencyKey = newId(), isPlain = false } = params;
    const { services } = context;
    if (!idempotencyKey.isWellFormed()) {
      throw fault.invalidParams({ path: "idempotencyKey", problem: "it is not valid Unicode" });
    }
    const key = readLiveKey(sessionKey, services, agentId);
    const { text, ...rest } = await saidWith(message, attachments, context);
    const from = { channel, chat: key };
    const inbound = { id: idempotencyKey, runId: idempotencyKey, sessionKey: key, from, sender, text, ...rest };
    const command = isPlain ? undefined : await commandIn(message.toWellFormed(), key, context);
    const receipt = await (command ? services.gateway.answer(inbound, command) : services.gateway.receive(inbound));
    if (!receipt.taken) throw refusals[receipt.because](idempotencyKey);
    return { runId: receipt.runId, status: statusOf(receipt) };
  },
});

/** A message may be its files alone. */
async function saidWith(message: string, attachments: Attachments, { services }: MethodContext) {
  if (attachments.length === 0) return { text: readMessageText(message, "message") };
  const words = message.trim() === "" ? [] : [readMessageText(message, "message")];
  const kept = await services.gateway.keepFiles(readAttachments(attachments));
  return { text: [...words, ...kept.map(({ line }) => line)].join("\n"), files: kept.map(({ file }) => file) };
}

/** What does it, when the message is for the gateway and not for the model. Most are not, and load nothing. */
async function commandIn(text: string, sessionKey: string, context: MethodContext) {
  if (!text.trimStart().startsWith("/")) return undefined;
  const [{ commands }, { readCommand }] = await Promise.all([
    import("../commands/index.ts"),
    import("../commands/read-command.ts"),
  ]);
  return readCommand(text, { sessionKey, context }, commands);
}

type Refusal = Extract<Receipt, { taken: false }>["because"];

const refusals: Readonly<Record<Refusal, (key: string) => Fault>> = {
  laneFull: () => fault.queueFull({ problem: "Too many messages wait in this session", retryAfterMs: 1_000 }),
  queueFull: () => fault.queueFull({ problem: "Too many messages wait in the gateway", retryAfterMs: 2_000 }),
  closing: () => fault.shuttingDown({ retryAfterMs: 1_000 }),
  conflict: (key) => fault.idempotencyConflict({ key }),
  damaged: () => fault.outcomeUnknown({ problem: "its receipt is damaged" }),
};

function statusOf({ isRepeat, status }: Extract<Receipt, { taken: true }>): Static<typeof SendStatus> {
  if (!isRepeat) return "started";
  return status === "queued" || status === "running" ? "in_flight" : status;
}
