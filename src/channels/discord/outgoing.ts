import type { REST, RouteLike } from "@discordjs/rest";
import { Check } from "@sinclair/typebox/value";
import { RESTJSONErrorCodes, Routes } from "discord-api-types/v10";
import type { Connection, OutboundMessage, Posted, SendRefusal } from "../channel.ts";
import type { ReplyTicket } from "../update.ts";
import { Named } from "./answers.ts";
import { ask } from "./rest.ts";
import { contentOf } from "./text.ts";
import type { Ticket, Tickets } from "./tickets.ts";
import { callsNobody, write } from "./write.ts";

interface Parts {
  readonly rest: REST;
  readonly tickets: Tickets;
}

type Abilities = Required<Pick<Connection, "send" | "edit" | "delete" | "react" | "typing" | "probe" | "unanswered">>;

/**
 * What we do at Discord. There is no `find`, because a message that is read later does not carry its nonce. A second try
 * needs none: for some minutes, Discord answers it with the message that is there.
 */
export function outgoing({ rest, tickets }: Parts): Abilities {
  const post = async (
    [verb, route]: readonly ["post" | "patch", RouteLike],
    { body, message, ticket }: { readonly body: object; readonly message: OutboundMessage; readonly ticket?: Ticket },
    signal: AbortSignal,
  ) => {
    const files = (message.files ?? []).map((file) => ({
      name: file.name,
      contentType: file.mimeType,
      data: file.bytes,
    }));
    const asked = await ask(rest, [verb, route], {
      body,
      signal,
      ...(files.length > 0 && { files }),
      ...(ticket && { auth: false, query: new URLSearchParams({ wait: "true" }) }),
    });
    if (!("answer" in asked)) return asked;
    if (!Check(Named, asked.answer)) throw new Error("Discord's answer to a message makes no sense.");
    return { messageId: asked.answer.id };
  };

  const answerTicket = async (
    { reply, ticket }: { readonly reply: ReplyTicket; readonly ticket: Ticket },
    sent: { readonly body: object; readonly message: OutboundMessage },
    signal: AbortSignal,
  ) => {
    const { application, token } = ticket;
    // A follow-up that may have arrived must not be tried a second time; the original can be written again and again.
    if (ticket.answers === "followUp") tickets.use(reply);
    const route =
      ticket.answers === "original"
        ? (["patch", Routes.webhookMessage(application, token.reveal(), "@original")] as const)
        : (["post", Routes.webhook(application, token.reveal())] as const);
    const answered = await post(route, { ...sent, ticket }, signal);
    if ("messageId" in answered) {
      tickets.use(reply);
      tickets.became(answered.messageId, ticket);
    }
    return answered;
  };

  return {
    async send(message, signal) {
      const written = write(message);
      if (!("body" in written)) return written;
      const chat = chatOf(message.to);
      const ticket = await tickets.find(message.ticket, chat);
      const sent = { body: written.body, message };
      if (message.ticket && ticket) {
        const answered = await answerTicket({ reply: message.ticket, ticket }, sent, signal);
        // Somebody deleted it, or it is too late: the chat is still there.
        if ("messageId" in answered) return answered;
        if (answered.refusal.refused === "forNow") return answered.refusal;
        tickets.use(message.ticket);
      }
      const body = { ...written.body, ...written.posting };
      const posted = await post(["post", Routes.channelMessages(chat)], { body, message }, signal);
      return "messageId" in posted ? posted : posted.refusal;
    },
    edit: async (message, text, signal) => {
      const body = { content: contentOf(text), allowed_mentions: callsNobody };
      const asked = await change("patch", message, { body, signal });
      return "answer" in asked ? undefined : asked.refusal;
    },
    delete: async (message, signal) => {
      const asked = await change("delete", message, { signal });
      // What is gone already need not be taken away.
      return "answer" in asked || asked.code === RESTJSONErrorCodes.UnknownMessage ? undefined : asked.refusal;
    },
    react: (message, { emoji, isAdded }, signal) => {
      const route = Routes.channelMessageOwnReaction(chatOf(message.to), message.messageId, encodeURIComponent(emoji));
      return order([isAdded ? "put" : "delete", route], { signal });
    },
    async typing(to, signal) {
      // Nobody misses it.
      await order(["post", Routes.channelTyping(chatOf(to))], { signal }).catch(() => undefined);
    },
    unanswered: (reply) => tickets.decline(reply),
    async probe(signal) {
      const asked = await ask(rest, ["get", Routes.user()], { signal });
      if (!("answer" in asked)) throw new Error(asked.refusal.problem);
      if (!Check(Named, asked.answer)) throw new Error("Discord's answer about the bot makes no sense.");
      return { id: asked.answer.id, name: asked.answer.username ?? asked.answer.id };
    },
  };

  /** By the token that wrote it, while that is good; else as the bot. */
  async function change(
    verb: "patch" | "delete",
    message: Posted,
    options: Parameters<typeof ask>[2],
  ): ReturnType<typeof ask> {
    const route = tickets.routeOf(message.messageId);
    const asked = route && (await ask(rest, [verb, route], { ...options, auth: false }));
    if (asked && ("answer" in asked || (asked.refusal.refused === "forNow" && asked.status !== 401))) return asked;
    return ask(rest, [verb, messageRoute(message)], options);
  }

  async function order(
    request: Parameters<typeof ask>[1],
    options: Parameters<typeof ask>[2],
  ): Promise<SendRefusal | undefined> {
    const asked = await ask(rest, request, options);
    return "answer" in asked ? undefined : asked.refusal;
  }
}

/** A thread is a chat of its own to Discord. */
function chatOf({ chat, thread }: Posted["to"]): string {
  return thread ?? chat;
}

function messageRoute({ to, messageId }: Posted): RouteLike {
  return Routes.channelMessage(chatOf(to), messageId);
}
