import { newId } from "#base";
import type { Update } from "#channels";
import { Fault, type InboundMessage } from "#protocol";
import { needsMention } from "../access/decide.ts";
import type { Door } from "../access/door.ts";
import { scopesOf } from "../access/owners.ts";
import { inboundScope } from "../arrival.ts";
import type { Line } from "../line.ts";
import { acknowledge } from "../outbound/acknowledge.ts";
import { findRoute } from "../router/route.ts";
import { sessionKeyOf } from "../router/session-key-of.ts";
import { keepAttachments, unreadAttachments } from "./attachments.ts";
import { ChatNotes, editNote, reactionNote } from "./chat-notes.ts";
import { chatOf } from "./chat-of.ts";
import { textOf } from "./entry.ts";
import { GroupHistory } from "./group-history.ts";
import type { InboundHouse, InboundOptions } from "./inbound.ts";
import { isTemporary } from "./is-temporary.ts";
import type { LoopGuard } from "./loop-guard.ts";
import { ourMessage } from "./our-message.ts";
import { quote } from "./quote.ts";
import { joinedRecords } from "./record-kinds.ts";
import { readUpdate, type Said } from "./said.ts";
import { speaker } from "./speaker.ts";
import { idOf, type NewEntry, type WaitingRoom } from "./waiting-room.ts";

/** Clients cut a long text into several messages that come at once. */
const longPaste = { fromCharacters: 4_000, quietMs: 1_500 };
const bundleQuietMs = 500;

interface Rooms {
  readonly door: Door;
  readonly loops: LoopGuard;
  readonly waiting: WaitingRoom;
}

/** Somebody who was let in, and what they said. */
interface Guest {
  readonly update: Exclude<Update, { type: "edited" | "reaction" }>;
  readonly said: Said;
  readonly line: Line;
  readonly from: InboundMessage["from"];
  readonly scope: string;
}

/** One update on its way: who is it, is it for us, where does it go, and may its turn begin. */
export class Reception implements Disposable {
  readonly #house: InboundHouse;
  readonly #options: InboundOptions;
  readonly #rooms: Rooms;
  readonly #history = new GroupHistory();
  readonly #notes = new ChatNotes();
  readonly #closing = new AbortController();

  constructor(house: InboundHouse, options: InboundOptions, rooms: Rooms) {
    this.#house = house;
    this.#options = options;
    this.#rooms = rooms;
  }

  async take(update: Update, line: Line): Promise<void> {
    const { log } = this.#house;
    const from = { ...update.from, channel: line.channel.id, account: line.account };
    const visitor = { sender: update.sender, place: update.place, from };
    const access = await this.#rooms.door.decide(visitor, line);
    if (!access.may) {
      log.debug("an update was not for us", { channel: from.channel, because: access.because });
      if (access.because === "notPaired" && update.type !== "reaction") await this.#rooms.door.tellCode(visitor, line);
      return;
    }
    if (update.type === "reaction") return this.#noteReaction(update, from, line);
    if (update.type === "edited") {
      const isChanged = await this.#rooms.waiting.edit(from, update.messageId, update.text);
      log.debug("a message was edited", { channel: from.channel, isChanged });
      // Its turn has begun, or is over.
      if (!isChanged && (update.isToUs || update.place.kind === "direct")) this.#notes.add(from, editNote(update));
      return;
    }
    const said = readUpdate(update);
    if (!said.isToUs && needsMention(update.place, from.chat, line.settings)) {
      const most = this.#options.settings().messages.groupHistory;
      this.#history.note(from, { sender: update.sender, text: said.text }, most);
      return;
    }
    if (!this.#rooms.loops.heard(from, update.sender.id, update.at)) {
      log.warn("a chat goes round in circles and is not answered for a while", { channel: from.channel });
      return;
    }
    await this.#lead({ update, said, line, from, scope: inboundScope(from) });
  }

  /** Undefined when its session has no room now. */
  async receive(message: InboundMessage): Promise<"new" | "known" | undefined> {
    const receipt = await this.#options.gateway.receive(message);
    if (receipt.taken) return receipt.isRepeat ? "known" : "new";
    return receipt.because === "conflict" ? "known" : undefined; // what is told around it may differ from the first time
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  /** Nothing that an agent could answer, but the next message is better understood with it. */
  async #noteReaction(update: Extract<Update, { type: "reaction" }>, from: Guest["from"], line: Line): Promise<void> {
    const { reactionNotifications: wanted = "own" } = line.settings;
    if (wanted === "off") return;
    const ours = await ourMessage(this.#house, from, update.messageId);
    if (ours !== undefined || wanted === "all") this.#notes.add(from, reactionNote(update, ours));
  }

  async #lead(guest: Guest): Promise<void> {
    const { update, said, from } = guest;
    const { gateway, agentId, settings } = this.#options;
    const traveller = { from, place: update.place, text: said.text, senderId: update.sender.id };
    const { route } = findRoute(traveller, settings().bindings, agentId);
    if (route.action === "drop") return;
    const sessionKey = sessionKeyOf(traveller, route.agentId, settings().session);
    const work = route.action === "reply" ? async () => route.text ?? "" : await this.#command(guest, sessionKey);
    if (!work) return this.#admit(guest, sessionKey);
    this.#rooms.waiting.hurry(sessionKey);
    await gateway.answer({ ...messageOf(guest, sessionKey), text: said.text }, work);
  }

  /** Straight to its turn, where nothing keeps it; else on disk, to wait. */
  async #admit(guest: Guest, sessionKey: string): Promise<void> {
    const { update, said, line, from, scope } = guest;
    const { waiting } = this.#rooms;
    const id = { scope, updateId: update.id };
    if (waiting.has(id) || (await this.#house.storage.record(joinedRecords, idOf(id)))) return;
    const entry: NewEntry = {
      ...id,
      messageId: said.messageId,
      sessionKey,
      from,
      sender: update.sender.id,
      text: [...this.#notes.take(from), await this.#textFor(guest)].join("\n"),
      files: [...unreadAttachments(said.attachments)],
      context: update.place.kind === "direct" ? [] : [...this.#history.take(from)],
    };
    const quietMs = this.#quietMs(said);
    const mayGo = quietMs === 0 && said.attachments.length === 0 && !waiting.isBusy(sessionKey);
    const message = { ...messageOf(guest, sessionKey), text: textOf([entry]) };
    const taken = (mayGo ? await this.receive(message) : undefined) ?? (await this.#wait(guest, entry, quietMs));
    if (taken === "known") return;
    const emoji = this.#options.settings().messages.ackReaction;
    if (emoji !== undefined)
      acknowledge(line, { to: from, messageId: said.messageId }, { emoji, closing: this.#closing.signal });
  }

  async #wait({ said, from }: Guest, entry: NewEntry, quietMs: number): Promise<"new" | "known"> {
    const { storage, log } = this.#house;
    if (await storage.receipt(entry.scope, entry.updateId)) return "known";
    const closing = this.#closing.signal;
    const files = said.attachments.length > 0 && keepAttachments(said.attachments, { storage, log, closing });
    const joinKey = JSON.stringify([chatOf(from), entry.sender, said.bundle ?? ""]);
    await this.#rooms.waiting.put(entry, { joinKey, quietMs, newRunId: newId(), ...(files && { files }) });
    return "new";
  }

  #quietMs({ bundle, text, attachments }: Said): number {
    if (bundle !== undefined) return bundleQuietMs;
    if (attachments.length > 0) return 0;
    const { debounceMs } = this.#options.settings().messages.inbound;
    return text.length >= longPaste.fromCharacters ? Math.max(longPaste.quietMs, debounceMs) : debounceMs;
  }

  /** Judged by its own sender alone. What is refused is told to them, as an answer. */
  async #command({ update, said, from }: Guest, sessionKey: string): Promise<(() => Promise<string>) | undefined> {
    if (!said.text.startsWith("/")) return undefined;
    const { channel, account } = from;
    const who = { channel, account: account ?? "", senderId: update.sender.id };
    const scopes = scopesOf(who, this.#options.settings().commands.ownerAllowFrom);
    try {
      const work = await this.#options.command({ text: said.text, sessionKey, scopes });
      return work && (() => work().catch(sentence));
    } catch (error) {
      const answer = sentence(error);
      return async () => answer;
    }
  }

  /** What the model reads. In groups it is told who speaks. */
  async #textFor({ update, said, line, from }: Guest): Promise<string> {
    const { sender, place } = update;
    const words = place.kind === "direct" ? said.text : `[${speaker(sender)}] ${said.text}`;
    const { quoted } = said;
    if (!quoted || quoted.isOurs) return words; // what is ours is in the conversation
    const of = quoted.sender;
    const mayBeShown =
      of !== undefined &&
      (of.id === sender.id || (await this.#rooms.door.decide({ sender: of, place, from }, line)).may);
    return `${quote(quoted, mayBeShown)}\n${words}`;
  }
}

function messageOf({ update, said, from }: Guest, sessionKey: string): Omit<InboundMessage, "text"> {
  return { id: said.messageId, updateId: update.id, runId: newId(), sessionKey, from, sender: update.sender.id };
}

function sentence(error: unknown): string {
  if (error instanceof Fault && !isTemporary(error)) return error.message;
  throw error;
}
