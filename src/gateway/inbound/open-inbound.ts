import { describeError, newId } from "#base";
import type { Update } from "#channels";
import { Fault, type InboundMessage } from "#protocol";
import { needsMention } from "../access/decide.ts";
import { Door } from "../access/door.ts";
import { scopesOf } from "../access/owners.ts";
import { inboundScope } from "../arrival.ts";
import type { Line } from "../line.ts";
import { acknowledge } from "../outbound/acknowledge.ts";
import { findRoute, type Traveller } from "../router/route.ts";
import { sessionKeyOf } from "../router/session-key-of.ts";
import { Aside } from "./aside.ts";
import { keepAttachments, unreadAttachments } from "./attachments.ts";
import { chatOf } from "./chat-of.ts";
import { GroupHistory } from "./group-history.ts";
import type { Inbound, InboundHouse, InboundOptions } from "./inbound.ts";
import { isTemporary } from "./is-temporary.ts";
import { LoopGuard } from "./loop-guard.ts";
import { joinedRecords } from "./record-kinds.ts";
import { readUpdate, type Said } from "./said.ts";
import { speaker } from "./speaker.ts";
import { idOf, type NewEntry, WaitingRoom } from "./waiting-room.ts";
import { textOf } from "./entry.ts";

/** Clients cut a long text into several messages that come at once. */
const longPaste = { fromCharacters: 4_000, quietMs: 1_500 };
const bundleQuietMs = 500;

export async function openInbound(
  house: InboundHouse,
  options: InboundOptions,
): Promise<Pick<Inbound, "take" | "pairing" | "explain"> & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { storage, sessions, log } = house;
  const { gateway, agentId } = options;
  const closing = new AbortController();
  opened.defer(() => closing.abort());
  const door = new Door(house, options);
  const history = new GroupHistory();
  const loops = new LoopGuard();
  const aside = new Aside(storage);
  const underWay = new Map<string, Promise<void>>();
  const waiting = opened.use(
    new WaitingRoom({
      ...house,
      deliver,
      putAside: (entries, problem) => {
        log.error("messages that broke too often were put aside", { updateId: entries[0]?.updateId, problem });
        return aside.put(entries[0] ? idOf(entries[0]) : newId(), entries, problem);
      },
    }),
  );
  opened.defer(
    sessions.subscribe((notice) => {
      if (notice.type !== "appended") return;
      for (const { event } of notice.events) if (event.kind === "MessageSent") loops.sent(event.to, house.clock.now());
    }),
  );
  await waiting.open();

  /** The same update, said again while it is worked on, waits for the first. */
  function take(update: Update, line: Line): Promise<void> {
    const scope = inboundScope({ channel: line.channel.id, account: line.account });
    const id = idOf({ scope, updateId: update.id });
    const same = underWay.get(id);
    if (same) return same;
    const work = takeOnce(update, line, { scope, id }).finally(() => underWay.delete(id));
    underWay.set(id, work);
    return work;
  }

  async function takeOnce(update: Update, line: Line, at: { readonly scope: string; readonly id: string }) {
    try {
      await walk(update, line, at.scope);
    } catch (error) {
      if (isTemporary(error)) throw error;
      const problem = describeError(error);
      log.error("an update could not be taken", { channel: line.channel.id, account: line.account, update: update.id, error });
      if (!(await aside.failed(at.id, update, problem))) throw error;
      log.error("an update broke too often and was put aside", { channel: line.channel.id, update: update.id });
    }
  }

  async function walk(update: Update, line: Line, scope: string): Promise<void> {
    const from = { ...update.from, channel: line.channel.id, account: line.account };
    const visitor = { sender: update.sender, place: update.place, from };
    const access = await door.decide(visitor, line);
    if (!access.may) {
      log.debug("an update was not for us", { channel: from.channel, because: access.because });
      if (access.because === "notPaired" && update.type !== "reaction") await door.tellCode(visitor, line);
      return;
    }
    if (update.type === "reaction") return; // says nothing that an agent could answer
    if (update.type === "edited") return edited(update, line);
    const said = readUpdate(update);
    const settings = options.settings();
    if (!said.isToUs && needsMention(update.place, from.chat, line.settings)) {
      history.note(from, update.sender, said.text, settings.messages.groupHistory);
      return;
    }
    if (!loops.heard(from, update.sender.id, update.at)) {
      log.warn("a chat goes round in circles and is not answered for a while", { channel: from.channel });
      return;
    }
    await toItsTurn({ update, said, line, from, scope });
  }

  async function toItsTurn(way: Way): Promise<void> {
    const { update, said, line, from, scope } = way;
    const { route } = findRoute({ from, place: update.place, text: said.text }, options.settings().bindings, agentId);
    if (route.action === "drop") return;
    const senderId = update.sender.id;
    const sessionKey = sessionKeyOf({ from, place: update.place, senderId }, route.agentId, options.settings().session);
    const about = { id: said.messageId, updateId: update.id, runId: newId(), sessionKey, from, sender: senderId };
    if (route.action === "reply") {
      await gateway.answer({ ...about, text: said.text }, async () => route.text ?? "");
      return;
    }
    const command = await commandIn(said.text, sessionKey, way);
    if (command) {
      waiting.hurry(sessionKey);
      await gateway.answer({ ...about, text: said.text }, command);
      return;
    }
    if (waiting.has({ scope, updateId: update.id })) return;
    if (await storage.record(joinedRecords, idOf({ scope, updateId: update.id }))) return;
    const entry: NewEntry = {
      ...{ scope, updateId: update.id, messageId: said.messageId, sessionKey, from, sender: senderId },
      text: await textFor(way),
      files: [...unreadAttachments(said.attachments)],
      context: update.place.kind === "direct" ? [] : [...history.take(from)],
    };
    const quietMs = quietMsOf(said);
    const mayGo = quietMs === 0 && said.attachments.length === 0 && !waiting.isBusy(sessionKey);
    const isNew = (mayGo && (await receive({ ...about, text: textOf([{ ...entry, group: "", runId: "", arrivedAt: 0, n: 0 }]) }))) || (await wait(entry, way, quietMs, about.runId));
    if (isNew === "new") acknowledge(line, from, said.messageId, options.settings().messages.ackReaction, closing.signal);
  }

  /** Undefined when its session has no room now. */
  async function receive(message: InboundMessage): Promise<"new" | "known" | undefined> {
    const receipt = await gateway.receive(message);
    if (receipt.taken) return receipt.isRepeat ? "known" : "new";
    return receipt.because === "conflict" ? "known" : undefined; // the words around it may be others than the first time
  }

  async function wait(entry: NewEntry, { said, from }: Way, quietMs: number, newRunId: string): Promise<"new" | "known"> {
    if (await storage.receipt(entry.scope, entry.updateId)) return "known";
    const files =
      said.attachments.length > 0 && keepAttachments(said.attachments, { storage, log, closing: closing.signal });
    const joinKey = JSON.stringify([chatOf(from), entry.sender, said.bundle ?? ""]);
    await waiting.put(entry, { joinKey, quietMs, newRunId, ...(files && { files }) });
    return "new";
  }

  function quietMsOf({ bundle, text, attachments }: Said): number {
    if (bundle !== undefined) return bundleQuietMs;
    if (attachments.length > 0) return 0;
    const { debounceMs } = options.settings().messages.inbound;
    return text.length >= longPaste.fromCharacters ? Math.max(longPaste.quietMs, debounceMs) : debounceMs;
  }

  async function deliver(message: InboundMessage): Promise<"done" | "later"> {
    return (await receive(message)) === undefined ? "later" : "done";
  }

  async function commandIn(text: string, sessionKey: string, { update, from }: Way) {
    if (!text.startsWith("/")) return undefined;
    const { channel, account } = from;
    const who = { channel, account: account ?? "", senderId: update.sender.id };
    const scopes = scopesOf(who, options.settings().commands.ownerAllowFrom);
    try {
      const work = await options.command({ text, sessionKey, scopes });
      return work && (() => work().catch(sentence));
    } catch (error) {
      const answer = sentence(error);
      return async () => answer;
    }
  }

  /** What the model reads. Who speaks is told in groups; a quotation of somebody who may not talk to us is not. */
  async function textFor({ update, said, line }: Way): Promise<string> {
    const told = update.place.kind === "direct" ? said.text : `[${speaker(update.sender)}] ${said.text}`;
    const { quoted } = said;
    if (!quoted) return told;
    if (quoted.isOurs) return told; // the conversation has it
    const from = { ...update.from, channel: line.channel.id, account: line.account };
    const sender = quoted.sender;
    const isSame = sender?.id === update.sender.id;
    const may = sender && (isSame || (await door.decide({ sender, place: update.place, from }, line)).may);
    if (!may) return `[It answers a message that is not shown here.]\n${told}`;
    const words = quoted.text.slice(0, mostQuoted).split("\n").map((one) => `> ${one}`).join("\n");
    return `[It answers ${speaker(sender)}:]\n${words}\n${told}`;
  }

  async function edited(update: Extract<Update, { type: "edited" }>, line: Line): Promise<void> {
    const from = { ...update.from, channel: line.channel.id, account: line.account };
    const isChanged = await waiting.edit(from, update.messageId, update.text);
    log.debug("a message was edited", { channel: from.channel, isChanged });
  }

  const held = opened.move();
  return {
    take,
    pairing: door.desk,
    async explain(traveller: Traveller & { readonly senderId: string }) {
      const { bindings, session } = options.settings();
      const found = findRoute(traveller, bindings, agentId);
      return { ...found, sessionKey: sessionKeyOf(traveller, found.route.agentId, session) };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const mostQuoted = 2_000;

interface Way {
  readonly update: Exclude<Update, { type: "edited" | "reaction" }>;
  readonly said: Said;
  readonly line: Line;
  readonly from: InboundMessage["from"];
  readonly scope: string;
}

/** What was refused is told to who asked, as an answer. */
function sentence(error: unknown): string {
  if (error instanceof Fault && !isTemporary(error)) return error.message;
  throw error;
}
