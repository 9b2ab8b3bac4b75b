import { Lru } from "#base";
import { Type } from "@sinclair/typebox";
import type { Address } from "#protocol";
import type { OutboundMessage, Posted } from "../channel.ts";
import type { Client } from "./api.ts";
import type { Identity } from "./doorway.ts";
import { platformCode } from "./refusal.ts";
import { as } from "./wire.ts";

const Begun = Type.Object({ ts: Type.String({ minLength: 1 }) });

const Growing = Type.Object({ ts: Type.String(), user: Type.String(), streaming_state: Type.Literal("in_progress") });

const mostOpen = 500;

/** Slack's own streams: markdown that is added to, in a thread of a direct conversation. Nothing in them can be taken back. */
export class Streams {
  /** What was written into each that is open, by its place. */
  readonly #written = new Lru<string, string>({ budget: mostOpen });
  /** Under which keys some were begun, perhaps without an answer. */
  readonly #keys = new Lru<string, true>({ budget: mostOpen });
  #isRefused = false;

  /** An empty one: what nobody hears of must not say anything twice. Undefined where Slack does not stream. */
  async begin({ to, clientKey }: OutboundMessage, client: Client): Promise<{ readonly messageId: string } | undefined> {
    if (this.#isRefused || to.thread === undefined || !to.chat.startsWith("D")) return undefined;
    this.#keys.set(clientKey, true);
    const begun = await client.chat.startStream({ channel: to.chat, thread_ts: to.thread }).catch((error: unknown) => {
      const code = platformCode(error) ?? "";
      if (cannot.has(code)) this.#isRefused = true;
      if (this.#isRefused || code === "channel_type_not_supported") return undefined;
      throw error;
    });
    if (!begun) {
      this.#keys.delete(clientKey);
      return undefined;
    }
    const sent = as(Begun, begun);
    if (!sent) throw new Error("Slack gave the stream no id.");
    this.#written.set(placeOf({ to, messageId: sent.ts }), "");
    return { messageId: sent.ts };
  }

  isOpen(posted: Posted): boolean {
    return this.#written.get(placeOf(posted)) !== undefined;
  }

  /** Some answer is growing there, which shows enough of our being at work. */
  isOpenIn({ chat }: Address): boolean {
    return this.#written.keys().some((place) => place.startsWith(`${chat}/`));
  }

  /** Adds what is new; false when the stream is over, or the text does not go on from what it says. */
  async add(posted: Posted, markdown: string, client: Client): Promise<boolean> {
    const whole = harmless(markdown);
    const rest = this.#restOf(posted, whole);
    if (rest === undefined) return false;
    if (rest.trim() === "") return true;
    const about = { channel: posted.to.chat, ts: posted.messageId };
    try {
      await client.chat.appendStream({ ...about, markdown_text: rest });
    } catch (error) {
      // Refused, it says what it said before; else nobody knows what it says, and it is written anew.
      const code = platformCode(error);
      if (code === undefined || over.has(code)) this.#written.delete(placeOf(posted));
      if (code !== undefined && over.has(code)) return false;
      throw error;
    }
    this.#written.set(placeOf(posted), whole);
    return true;
  }

  /** It is gone, or is to be. */
  forget(posted: Posted): void {
    this.#written.delete(placeOf(posted));
  }

  /** Ends it with what is left; false when what it says then is not known to be that text. */
  async end(posted: Posted, markdown: string, client: Client): Promise<boolean> {
    const rest = this.#restOf(posted, harmless(markdown));
    const about = { channel: posted.to.chat, ts: posted.messageId };
    try {
      await client.chat.stopStream(rest ? { ...about, markdown_text: rest } : about);
    } catch (error) {
      const code = platformCode(error);
      if (code === undefined || over.has(code)) this.#written.delete(placeOf(posted));
      if (code !== undefined && over.has(code)) return false;
      throw error;
    }
    this.#written.delete(placeOf(posted));
    return rest !== undefined;
  }

  /** One that was begun under this key, if Slack still shows it as one that grows: it carries no key. */
  async find(
    { to, clientKey }: Pick<OutboundMessage, "to" | "clientKey">,
    client: Client,
    me: Identity,
  ): Promise<{ readonly messageId: string } | undefined> {
    if (to.thread === undefined || this.#keys.get(clientKey) === undefined) return undefined;
    const { messages } = await client.conversations.replies({ channel: to.chat, ts: to.thread, limit: 200 });
    const open = (messages ?? []).flatMap((message) => as(Growing, message) ?? []);
    const found = open.findLast(({ user }) => user === me.userId);
    return found && { messageId: found.ts };
  }

  #restOf(posted: Posted, whole: string): string | undefined {
    const written = this.#written.get(placeOf(posted));
    return written !== undefined && whole.startsWith(written) ? whole.slice(written.length) : undefined;
  }
}

/** It ended: by itself, some minutes after it was begun, or by somebody's hand. */
const over: ReadonlySet<string> = new Set(["message_not_in_streaming_state", "message_not_found"]);

/** The app or its workspace cannot stream at all. */
const cannot: ReadonlySet<string> = new Set([
  "missing_scope",
  "no_permission",
  "not_allowed_token_type",
  "unknown_method",
  "method_not_supported_for_channel_type",
]);

/** In a stream, nothing that a model writes calls a person or a channel. */
function harmless(markdown: string): string {
  return markdown.replaceAll(/<(?=[@#!])/g, "<\u200B");
}

function placeOf({ to, messageId }: Posted): string {
  return `${to.chat}/${messageId}`;
}
