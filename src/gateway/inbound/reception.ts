import { lazily, newId } from "#base";
import type { Quoted, Update } from "#channels";
import { Fault, type InboundMessage } from "#protocol";
import type { ActivationBook } from "../access/activation-book.ts";
import { configuredActivation } from "../access/decide.ts";
import type { Door } from "../access/door.ts";
import { scopesOf } from "../access/owners.ts";
import { inboundScope } from "../arrival.ts";
import type { Line } from "../line.ts";
import { acknowledge } from "../outbound/acknowledge.ts";
import { type Heading, headingOf, type Share } from "../router/heading.ts";
import { forwardedText, postedText } from "../router/passed-on.ts";
import { type Aim, Albums } from "./albums.ts";
import { unreadAttachments } from "./attachments.ts";
import { ChatNotes, editNote, reactionNote } from "./chat-notes.ts";
import { chatOf } from "./chat-of.ts";
import { idOf, textOf } from "./entry.ts";
import { GroupHistory } from "./group-history.ts";
import type { CommandAsked, InboundHouse, InboundOptions } from "./inbound.ts";
import { isTemporary } from "./is-temporary.ts";
import { leaveUnanswered, ticketOf } from "./leave-unanswered.ts";
import type { LoopGuard } from "./loop-guard.ts";
import { ourMessage } from "./our-message.ts";
import type { Lack } from "./place-calls.ts";
import { quote, rootQuote } from "./quote.ts";
import { joinedRecords } from "./record-kinds.ts";
import { readUpdate, type Said } from "./said.ts";
import { speaker } from "./speaker.ts";
import { askThreadRoot } from "./thread-root.ts";
import type { NewEntry, WaitingRoom } from "./waiting-room.ts";

/** Clients cut a long text into several messages that come at once. */
const longPaste = { fromCharacters: 4_000, quietMs: 1_500 };
const bundleQuietMs = 500;

interface Rooms {
  readonly door: Door;
  readonly activations: ActivationBook;
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
  readonly heading: Heading;
}

/** What all agents that hear a message share: each is worked out once, when the first of them needs it. */
interface Told {
  /** What stands before its own words: what happened meanwhile, what it quotes, who speaks. */
  readonly head: () => Promise<string>;
  /** What was said before, to others: told once, to those who hear this. */
  readonly context: () => readonly string[];
}

/** One agent's part of a message, as it is known when it comes again. */
type Part = Share & {
  readonly updateId: string;
  /** The part whose turn comes before. */
  readonly after?: string;
};

/** One update on its way: who is it, is it for us, where does it go, and may its turn begin. */
export class Reception implements Disposable {
  readonly #house: InboundHouse;
  readonly #options: InboundOptions;
  readonly #rooms: Rooms;
  readonly #albums = new Albums();
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
      log.debug("an update was not for us", { ...about(from), because: access.because });
      const mayBeTold = access.because === "notPaired" && update.type !== "reaction";
      const isAnswered = mayBeTold && (await this.#rooms.door.tellCode(visitor, line, ticketOf(update)));
      if (!isAnswered) leaveUnanswered(update, line);
      return;
    }
    if (update.type === "reaction") return this.#noteReaction(update, from, line);
    if (update.type === "edited") return this.#edit(update, from);
    const said = readUpdate(update);
    const { heading, isForUs } = await this.#aimOf({ update, said, from, line });
    if (!isForUs) {
      const most = this.#options.settings().messages.groupHistory;
      this.#history.note(from, { ...said, sender: update.sender }, most);
      return;
    }
    if (!this.#rooms.loops.heard(from, update.sender.id, update.at)) {
      log.warn("a chat goes round in circles and is not answered for a while", about(from));
      leaveUnanswered(update, line);
      return;
    }
    await this.#lead({ update, said, line, from, scope: inboundScope(from), heading });
  }

  /** Or what it has no room for now. */
  async receive(message: InboundMessage): Promise<"new" | "known" | Lack> {
    const receipt = await this.#options.gateway.receive(message);
    if (receipt.taken) return receipt.isRepeat ? "known" : "new";
    switch (receipt.because) {
      case "laneFull":
      case "queueFull":
        return receipt.because;
      case "closing":
        return "notYet";
      case "conflict": // what is told around it may differ from the first time
      case "damaged": // what the disk says of it
        return "known";
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  async #aimOf({ update, said, from, line }: Omit<Guest, "heading" | "scope">): Promise<Aim> {
    const voice = { from, senderId: update.sender.id };
    const album = this.#albums.aimOf(voice, said);
    if (album) return album;
    const traveller = { ...voice, place: update.place, text: said.text };
    const heading = headingOf(traveller, this.#options.settings(), { agentId: this.#options.agentId, line });
    const isForUs = said.isToUs || heading.isNamed || (await this.#answersAll(update, from, line));
    this.#albums.note(voice, said, { heading, isForUs });
    return { heading, isForUs };
  }

  /** What was said in the chat is stronger than the settings. */
  async #answersAll({ place }: Update, from: Guest["from"], { settings }: Line): Promise<boolean> {
    if (place.kind === "direct") return true;
    const kept = await this.#rooms.activations.kept(from);
    return (kept ?? configuredActivation(place, from, settings)) === "always";
  }

  async #edit(update: Extract<Update, { type: "edited" }>, from: Guest["from"]): Promise<void> {
    const isChanged = await this.#rooms.waiting.edit(from, update.messageId, update.text);
    this.#house.log.debug("a message was edited", { ...about(from), isChanged });
    // Its turn has begun, or is over.
    if (!isChanged && (update.isToUs || update.place.kind === "direct"))
      this.#notes.add(from, { id: update.id, note: editNote(update) });
  }

  /** Nothing that an agent could answer, but the next message is better understood with it. */
  async #noteReaction(update: Extract<Update, { type: "reaction" }>, from: Guest["from"], line: Line): Promise<void> {
    const { reactionNotifications: wanted = "own" } = line.settings;
    if (wanted === "off") return;
    const ours = await ourMessage(this.#house, from, update.messageId);
    if (ours !== undefined || wanted === "all")
      this.#notes.add(from, { id: update.id, note: reactionNote(update, ours) });
  }

  async #lead(guest: Guest): Promise<void> {
    const { heading, from, update } = guest;
    if (heading.route.action === "drop" || heading.to) {
      if (heading.to) await this.#passOn(guest, heading.to);
      return leaveUnanswered(update, guest.line);
    }
    const told: Told = {
      head: lazily(async () => {
        const root = await this.#rootFor(guest);
        const lines = [...root, ...this.#notes.take(from), ...(await this.#quoteFor(guest))].map((line) => `${line}\n`);
        return [...lines, update.place.kind === "direct" ? "" : `[${speaker(update.sender)}] `].join("");
      }),
      context: once(() => (update.place.kind === "direct" ? [] : this.#history.take(from))),
    };
    const parts = await Promise.allSettled(partsOf(guest).map((part) => this.#give(guest, part, told)));
    for (const part of parts) if (part.status === "rejected") throw part.reason;
    if (parts.some((part) => part.status === "fulfilled" && part.value === "new")) this.#acknowledge(guest);
  }

  async #give(guest: Guest, part: Part, told: Told): Promise<"answered" | "known" | "new"> {
    const { said, heading } = guest;
    const { route } = heading;
    const work = route.action === "reply" ? async () => route.text ?? "" : await this.#command(guest, part.sessionKey);
    if (!work) return this.#admit(guest, part, told);
    this.#rooms.waiting.hurry(part.sessionKey);
    const message = messageOf(guest, part);
    this.#holdTicket(guest, message.runId);
    await this.#options.gateway.answer({ ...message, text: said.text }, work);
    return "answered";
  }

  /** To another chat, or to a program. Never to where it comes from, which would hear it again. */
  async #passOn(guest: Guest, to: InboundMessage["from"]): Promise<void> {
    const { said, from, update, heading } = guest;
    if (chatOf(to) === chatOf(from)) {
      this.#house.log.warn("a binding passes a message on to where it comes from, and it is left out", to);
      return;
    }
    const { sessionKey, route } = heading;
    const passed = { ...update, from, messageId: said.messageId, text: said.text, files: said.attachments.length };
    const text = route.action === "webhook" ? postedText(passed) : forwardedText(passed);
    const message = messageOf(guest, { sessionKey, updateId: update.id });
    await this.#options.gateway.relay({ ...message, text: said.text }, { to, text });
  }

  /** Straight to its turn, where nothing keeps it; else on disk, to wait. */
  async #admit(guest: Guest, part: Part, told: Told): Promise<"known" | "new"> {
    const { said, scope } = guest;
    const { sessionKey, updateId } = part;
    const { waiting } = this.#rooms;
    const id = { scope, updateId };
    if ((await waiting.has(id)) || (await this.#house.storage.record(joinedRecords, idOf(id)))) return "known";
    const quietMs = this.#quietMs(said);
    const isReady = quietMs === 0 && said.attachments.length === 0 && part.after === undefined;
    const mustWait = () => !isReady || waiting.isBusy(sessionKey);
    if (mustWait()) waiting.checkRoom(sessionKey, mayComeLater(guest)); // before anything is told that is told once
    const entry = await entryOf(guest, part, told);
    const message = { ...messageOf(guest, part), text: textOf([entry]) };
    if (mustWait()) return this.#wait(guest, entry, quietMs);
    this.#holdTicket(guest, message.runId);
    const outcome = await this.receive(message);
    return outcome === "new" || outcome === "known" ? outcome : this.#wait(guest, entry, quietMs);
  }

  #holdTicket({ update }: Guest, runId: string): void {
    const ticket = ticketOf(update);
    if (ticket) this.#options.gateway.holdTicket(runId, ticket);
  }

  #acknowledge({ line, from, said }: Guest): void {
    const emoji = this.#options.settings().messages.ackReaction;
    if (emoji !== undefined)
      acknowledge(line, { to: from, messageId: said.messageId }, { emoji, closing: this.#closing.signal });
  }

  async #wait(guest: Guest, entry: NewEntry, quietMs: number): Promise<"new" | "known"> {
    if (await this.#house.storage.receipt(entry.scope, entry.updateId)) return "known";
    const { said, from } = guest;
    const { attachments } = said;
    const newRunId = newId();
    this.#holdTicket(guest, newRunId);
    const joinKey = JSON.stringify([chatOf(from), entry.sender, said.bundle ?? ""]);
    const wait = { joinKey, quietMs, newRunId, attachments, mayComeLater: mayComeLater(guest) };
    await this.#rooms.waiting.put(entry, wait);
    return "new";
  }

  #quietMs({ bundle, text, attachments }: Said): number {
    if (bundle !== undefined) return bundleQuietMs;
    if (attachments.length > 0) return 0;
    const { debounceMs } = this.#options.settings().messages.inbound;
    return text.length >= longPaste.fromCharacters ? Math.max(longPaste.quietMs, debounceMs) : debounceMs;
  }

  /** Judged by its own sender alone. What is refused is told to them, as an answer. */
  async #command(
    { update, said, from, line }: Guest,
    sessionKey: string,
  ): Promise<(() => Promise<string>) | undefined> {
    if (!said.text.startsWith("/")) return undefined;
    const { channel, account } = from;
    const who = { channel, account: account ?? "", senderId: update.sender.id };
    const scopes = scopesOf(who, this.#options.settings().commands.ownerAllowFrom);
    const { place } = update;
    const configured = configuredActivation(place, from, line.settings);
    const group: Pick<CommandAsked, "group"> = place.kind === "direct" ? {} : { group: { at: from, configured } };
    try {
      const work = await this.#options.command({ text: said.text, sessionKey, scopes, ...group });
      return work && (() => work().catch(sentence));
    } catch (error) {
      const answer = sentence(error);
      return async () => answer;
    }
  }

  /** What it answers, where that is not in the conversation already, and as far as it may be shown. */
  async #quoteFor(guest: Guest): Promise<readonly string[]> {
    const { quoted } = guest.said;
    if (!quoted || quoted.isOurs) return [];
    return [quote(quoted, await this.#mayBeShown(quoted, guest))];
  }

  /** What its thread began with, for the first message of a conversation there: it was said to the chat around it. */
  async #rootFor(guest: Guest): Promise<readonly string[]> {
    const { said, heading } = guest;
    if (!said.threadRoot) return [];
    const begun = await Promise.all(heading.shares.map(({ sessionKey }) => this.#hasBegun(sessionKey)));
    if (!begun.includes(false)) return [];
    const root = await askThreadRoot(said, { closing: this.#closing.signal, log: this.#house.log });
    const isQuoted = said.quoted?.isOurs === false && said.quoted.messageId === root?.messageId;
    if (!root || isQuoted || root.text.trim() === "") return [];
    return [rootQuote(root, await this.#mayBeShown(root, guest))];
  }

  async #hasBegun(sessionKey: string): Promise<boolean> {
    if (this.#rooms.waiting.isBusy(sessionKey)) return true;
    return (await this.#house.storage.sessionByKey(sessionKey)) !== undefined;
  }

  async #mayBeShown({ sender: of }: Quoted, { update: { sender, place }, line, from }: Guest): Promise<boolean> {
    if (of === undefined) return false;
    return of.id === sender.id || (await this.#rooms.door.decide({ sender: of, place, from }, line)).may;
  }
}

/** Its platform brings it again for as long as it takes. */
function mayComeLater({ line }: Guest): boolean {
  return line.channel.keepsUpdates ?? false;
}

/** What lines of the log are found by. */
function about({ channel, account }: InboundMessage["from"]) {
  return { channel, account };
}

async function entryOf(
  { update, said, from, scope }: Guest,
  { sessionKey, updateId, after }: Part,
  told: Told,
): Promise<NewEntry> {
  const head = await told.head();
  return {
    scope,
    updateId,
    messageId: said.messageId,
    sessionKey,
    from,
    sender: update.sender.id,
    place: placeOf(update),
    text: `${head}${said.text}`,
    ...(head !== "" && { head }),
    files: [...unreadAttachments(said.attachments)],
    context: [...told.context()],
    ...(after !== undefined && { after }),
  };
}

/** What of it access depends on, as it is kept with a message that waits. */
function placeOf({ place: { roles, ...place } }: Guest["update"]): NonNullable<NewEntry["place"]> {
  return { ...place, ...(roles && { roles: [...roles] }) };
}

/** Where several agents hear a message, each has its own part of it: taken once, however often the message comes. */
function partsOf({ update, heading: { group, shares } }: Guest): readonly Part[] {
  const idOfPart = (agentId: string) => (group ? JSON.stringify([update.id, agentId]) : update.id);
  return shares.map((share, at) => {
    const before = group?.strategy === "sequential" ? shares[at - 1] : undefined;
    return { ...share, updateId: idOfPart(share.agentId), ...(before && { after: idOfPart(before.agentId) }) };
  });
}

function messageOf(
  { update, said, from }: Guest,
  { sessionKey, updateId }: Pick<Part, "sessionKey" | "updateId">,
): Omit<InboundMessage, "text"> {
  return { id: said.messageId, updateId, runId: newId(), sessionKey, from, sender: update.sender.id };
}

function once<T>(make: () => T): () => T {
  const kept: { made?: { readonly value: T } } = {};
  return () => (kept.made ??= { value: make() }).value;
}

function sentence(error: unknown): string {
  if (error instanceof Fault && !isTemporary(error)) return error.message;
  throw error;
}
