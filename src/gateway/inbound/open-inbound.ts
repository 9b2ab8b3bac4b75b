import { describeError, newId } from "#base";
import type { Update } from "#channels";
import { ActivationBook } from "../access/activation-book.ts";
import { Door } from "../access/door.ts";
import { inboundScope } from "../arrival.ts";
import type { Line } from "../line.ts";
import { configuredActivation, decide } from "../access/decide.ts";
import { headingOf } from "../router/heading.ts";
import { Aside } from "./aside.ts";
import { createAsideDesk } from "./aside-desk.ts";
import { idOf } from "./entry.ts";
import { FileDesk } from "./file-desk.ts";
import type { Inbound, InboundHouse, InboundOptions } from "./inbound.ts";
import { isOver } from "./is-over.ts";
import { isTemporary } from "./is-temporary.ts";
import { leaveUnanswered } from "./leave-unanswered.ts";
import { LoopGuard } from "./loop-guard.ts";
import { Reception } from "./reception.ts";
import { WaitingRoom } from "./waiting-room.ts";

export type OpenInbound = Pick<Inbound, "activations" | "asides" | "backlog" | "explain" | "pairing" | "take"> &
  AsyncDisposable;

/** Opens the way in, and takes up what waited. */
export async function openInbound(house: InboundHouse, options: InboundOptions): Promise<OpenInbound> {
  await using opened = new AsyncDisposableStack();
  const { storage, sessions, clock, log } = house;
  const door = new Door(house, options);
  const activations = new ActivationBook(house);
  const aside = new Aside(storage);
  const loops = new LoopGuard();
  opened.defer(
    sessions.subscribe((notice) => {
      if (notice.type !== "appended") return;
      for (const { event } of notice.events) if (event.kind === "MessageSent") loops.sent(event.to, clock.now());
    }),
  );
  const waiting: WaitingRoom = opened.use(
    new WaitingRoom({
      ...house,
      desk: new FileDesk({ ...house, hearing: () => options.hearing?.() }),
      async deliver(message, { scope, after }) {
        if (after !== undefined && !(await isOver({ scope, updateId: after }, house, waiting))) return "notYet";
        const outcome = await reception.receive(message);
        return outcome === "new" || outcome === "known" ? "done" : outcome;
      },
      putAside: async (entries, problem) => {
        const [first] = entries;
        await aside.put(first ? idOf(first) : newId(), entries, problem);
        const { channel, account } = first?.from ?? {};
        log.error("messages that broke too often were put aside", {
          channel,
          account,
          updateId: first?.updateId,
          problem,
        });
      },
    }),
  );
  const reception: Reception = opened.use(new Reception(house, options, { door, activations, loops, waiting }));
  opened.defer(options.gateway.watchPlaces((sessionKey) => waiting.placeFreed(sessionKey)));
  await waiting.open();
  const underWay = new Map<string, Promise<void>>();

  async function takeOnce(update: Update, line: Line, id: string): Promise<void> {
    try {
      await reception.take(update, line);
    } catch (error) {
      if (isTemporary(error)) throw error;
      const about = { channel: line.channel.id, account: line.account, updateId: update.id };
      log.error("an update could not be taken", { ...about, error });
      const from = { ...update.from, channel: line.channel.id, account: line.account };
      if (!(await aside.failed(id, { ...update, from }, describeError(error)))) throw error;
      log.error("an update broke too often and was put aside", about);
      leaveUnanswered(update, line);
    }
  }

  /** A direct chat's gate is a matter of pairings, which to look at may take up those of another program. */
  async function gateOf({ from, place, senderId: id }: Parameters<Inbound["explain"]>[0], { settings }: Line) {
    const { may, because } = decide({ sender: { id, isBot: false }, place, from, settings, kept: undefined });
    return { may, because, activation: (await activations.kept(from)) ?? configuredActivation(place, from, settings) };
  }

  const held = opened.move();
  return {
    /** The same update, said again while it is worked on, waits for the first. */
    take(update, line) {
      const scope = inboundScope({ channel: line.channel.id, account: line.account });
      const id = idOf({ scope, updateId: update.id });
      const same = underWay.get(id);
      if (same) return same;
      const work = takeOnce(update, line, id).finally(() => underWay.delete(id));
      underWay.set(id, work);
      return work;
    },
    activations,
    backlog: () => waiting.backlog,
    pairing: door.desk,
    asides: createAsideDesk(house, {
      reception,
      waiting,
      mayEnter: async (visitor, at) => (await door.decide(visitor, at)).may,
    }),
    async explain(traveller) {
      const line = house.lines.find(traveller.from);
      const heading = headingOf(traveller, options.settings(), { agentId: options.agentId, line });
      const { shares, group, isNamed: _isNamed, to, topic, ...found } = heading;
      const silent = group?.agentIds.filter((id) => !shares.some(({ agentId }) => agentId === id)) ?? [];
      return {
        ...found,
        ...(to && { to }),
        ...(topic && { topic }),
        ...(line && traveller.place.kind !== "direct" && { gate: await gateOf(traveller, line) }),
        ...(group && { broadcast: { strategy: group.strategy, answering: shares, silent } }),
      };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
