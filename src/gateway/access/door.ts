import type { ChannelSettings, Place, ReplyTicket, Sender } from "#channels";
import type { Address } from "#protocol";
import type { OutboxRow } from "#storage";
import type { InboundHouse, InboundOptions, PairingDesk } from "../inbound/inbound.ts";
import { defaultAccount, type Line } from "../line.ts";
import { sessionKeyOf } from "../router/session-key-of.ts";
import { AllowBook } from "./allow-book.ts";
import { type Access, decide } from "./decide.ts";
import { importAllowed } from "./import-allowed.ts";
import { Pairing, type PairingRequest } from "./pairing.ts";

export interface Visitor {
  readonly sender: Sender;
  readonly place: Place;
  readonly from: Address;
}

type Recipient = Pick<Visitor, "from" | "place"> & { readonly senderId: string };

const rowsAtOnce = 100;
const eventsLookedAt = 100;

/** Who comes in: the settings, what was kept of pairings, and the code for who is unknown. */
export class Door {
  readonly desk: PairingDesk;
  readonly #house: InboundHouse;
  readonly #options: InboundOptions;
  readonly #book: AllowBook;
  readonly #pairing: Pairing;
  /** Accounts whose lists of the original were looked at in this life. */
  readonly #imported = new Map<string, Promise<void>>();

  constructor(house: InboundHouse, options: InboundOptions) {
    this.#house = house;
    this.#options = options;
    this.#book = new AllowBook(house);
    this.#pairing = new Pairing({ ...house, book: this.#book });
    const [book, pairing] = [this.#book, this.#pairing];
    this.desk = {
      list: (where) => pairing.list(where),
      approve: async (channel, code, account) => (await pairing.approve(channel, code, account)).entry,
      approveAndTell: async (channel, code, account) => {
        const { entry, request } = await pairing.approve(channel, code, account);
        return { entry, isTold: await this.#welcome(request) };
      },
      reject: (channel, code, account) => pairing.reject(channel, code, account),
      allowed: (where) => book.list(where),
      async allow(who) {
        const entry = { ...who, how: "listed", since: house.clock.now() } as const;
        await house.storage.writeRecords([book.entry(entry)]);
        return entry;
      },
      disallow: (who) => book.remove(who),
    };
  }

  async decide({ sender, place, from }: Visitor, { channel, account, settings }: Line): Promise<Access> {
    const asked = { sender, place, from, settings };
    const first = decide({ ...asked, kept: undefined });
    if (first.may || place.kind !== "direct" || sender.isBot || isShut(settings)) return first;
    await this.#import(channel.id, account);
    const kept = await this.#book.kept({ channel: channel.id, account, senderId: sender.id });
    return kept === undefined ? first : decide({ ...asked, kept });
  }

  /**
   * Tells a stranger the code, once for each request. Resolves when the message is on disk, or none is owed; true when it
   * goes where this visit's ticket leads.
   */
  async tellCode(
    { sender, place, from }: Visitor,
    { channel, account }: Line,
    ticket: ReplyTicket | undefined,
  ): Promise<boolean> {
    const { id: senderId, name, username } = sender;
    const called = name ?? username;
    const who = { channel: channel.id, account, senderId, from, ...(called !== undefined && { name: called }) };
    const request = await this.#pairing.ask(who);
    if (!request || request.isTold) return false;
    const to = { from, place, senderId };
    const isOwed = !(await this.#hasPosted(to, request.code));
    if (isOwed) await this.#post(to, codeMessage(request), ticket);
    await this.#pairing.told(request);
    return isOwed && ticket !== undefined;
  }

  /** A life that ended between the message and the note of it has left the code in the outbox, or in the log as sent. */
  async #hasPosted(to: Recipient, code: string): Promise<boolean> {
    const { storage } = this.#house;
    const session = await storage.sessionByKey(this.#keyOf(to));
    if (!session) return false;
    for (let after: number | undefined = 0; after !== undefined;) {
      const rows: readonly OutboxRow[] = await storage.outbox({ limit: rowsAtOnce, after });
      if (rows.some(({ sessionId, text }) => sessionId === session.id && text.includes(code))) return true;
      after = rows.length < rowsAtOnce ? undefined : rows.at(-1)?.n;
    }
    const events = await storage.events(session.id, { limit: eventsLookedAt, take: "last" });
    return events.some(({ event }) => event.kind === "MessageSent" && event.text.includes(code));
  }

  /** Says that they were let in, where they were told the code. They are let in all the same when that cannot be said. */
  async #welcome({ channel, account, from, senderId }: PairingRequest): Promise<boolean> {
    try {
      await this.#post({ from, place: { kind: "direct" }, senderId }, "You were let in: write to me now.");
      return true;
    } catch (error) {
      this.#house.log.warn("somebody who was let in could not be told", { channel, account, error });
      return false;
    }
  }

  /** In a session of its own, whatever conversation this person has or will have. */
  #post(to: Recipient, text: string, ticket?: ReplyTicket): Promise<void> {
    return this.#options.gateway.post(this.#keyOf(to), { to: to.from, text, ticket });
  }

  #keyOf(to: Recipient): string {
    const sessions = { dmScope: "per-account-channel-peer", identityLinks: {} } as const;
    return sessionKeyOf(to, this.#options.agentId, sessions);
  }

  #import(channel: string, account: string): Promise<void> {
    const name = JSON.stringify([channel, account]);
    const known = this.#imported.get(name);
    if (known) return known;
    const done = importAllowed({ ...this.#house, book: this.#book }, this.#options.readCredential, {
      channel,
      account,
    });
    this.#imported.set(name, done);
    done.catch(() => this.#imported.delete(name)); // the next message tries again
    return done;
  }
}

/** Nothing that was kept could open it. */
function isShut({ dmPolicy }: ChannelSettings): boolean {
  return dmPolicy === "disabled";
}

function codeMessage({ code, channel, account, senderId }: PairingRequest): string {
  const of = account === defaultAccount ? "" : ` --account ${account}`;
  return [
    "This is a private assistant, and it does not know you yet.",
    `Your id here: ${senderId}`,
    `Pairing code: ${code}`,
    `Who runs it lets you in with: openclaw pairing approve ${channel} ${code}${of}`,
    "The code is good for one hour.",
  ].join("\n");
}
