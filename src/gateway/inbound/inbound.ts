import type { Activation, Place, Update } from "#channels";
import type { Address, Scope } from "#protocol";
import type { AllowEntry } from "../access/allow-book.ts";
import type { Identity } from "../access/owners.ts";
import type { PairingRequest } from "../access/pairing.ts";
import type { Gateway } from "../gateway.ts";
import type { BacklogState } from "./backlog.ts";
import type { Hearing } from "./hearing.ts";
import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import type { BroadcastGroup } from "../router/broadcast.ts";
import type { Explained, Route } from "../router/route.ts";
import type { InboundSettings } from "../settings.ts";

/** The way in from the platforms. */
export interface Inbound extends AsyncDisposable {
  /**
   * Resolves when the update is on disk, or is known to be unwanted. Rejects when it could not be taken: the platform must
   * bring it again. One that broke five times is put aside, and resolves. Updates of one chat must be handed over in order.
   */
  take(update: Update, line: Line): Promise<void>;
  /** Loads what `recover` will need, before turns that are taken up have work for the event loop. */
  prepare(): Promise<void>;
  /** Takes up the messages that waited when the gateway stopped; loads nothing when there are none. */
  recover(): Promise<void>;
  /** What waits on disk alone, because there is more than memory has places for. */
  backlog(): BacklogState;
  readonly pairing: PairingDesk;
  readonly asides: AsideDesk;
  readonly activations: ActivationDesk;
  /** Where a message would go, and why not elsewhere. Does nothing. */
  explain(traveller: {
    readonly from: Address;
    readonly place: Place;
    readonly senderId: string;
    readonly text: string;
  }): Promise<{
    readonly route: Route;
    readonly sessionKey: string;
    /** Where it would be passed on to. */
    readonly to?: Address;
    /** The thread has an agent of its own, by this setting of its chat. */
    readonly topic?: { readonly agentId: string; readonly setting: string };
    /** In a group of an open account: whether the sender may start a turn, and what does. */
    readonly gate?: { readonly may: boolean; readonly because: string; readonly activation: Activation };
    /** Where several agents hear it: who answers, each in a session of its own. */
    readonly broadcast?: {
      readonly strategy: BroadcastGroup["strategy"];
      readonly answering: readonly { readonly agentId: string; readonly sessionKey: string }[];
      readonly silent: readonly string[];
    };
    readonly decidedBy: Explained | undefined;
    readonly others: readonly Explained[];
  }>;
}

/** Who waits to be let in, and who was. */
export interface PairingDesk {
  list(where?: { readonly channel?: string; readonly account?: string }): Promise<readonly PairingRequest[]>;
  /** Rejects with `pairingNotFound`, or `lockedOut` after five wrong codes. */
  approve(channel: string, code: string, account?: string): Promise<AllowEntry>;
  /** The same, and says so in the chat where they were told the code; `isTold` when that message is on disk. */
  approveAndTell(
    channel: string,
    code: string,
    account?: string,
  ): Promise<{ readonly entry: AllowEntry; readonly isTold: boolean }>;
  reject(channel: string, code: string, account?: string): Promise<PairingRequest>;
  allowed(where: { readonly channel?: string; readonly account?: string }): Promise<readonly AllowEntry[]>;
  /** By an operator, without a code. */
  allow(who: Identity): Promise<AllowEntry>;
  /** False when there was no such entry. */
  disallow(who: Identity): Promise<boolean>;
}

/** What was said of what starts a turn in a group; where nothing was, the settings count. */
export interface ActivationDesk {
  /** A thread's own, or its chat's. */
  kept(at: Address): Promise<Activation | undefined>;
  /** Undefined takes back what was said there. */
  keep(at: Address, activation: Activation | undefined): Promise<void>;
}

/** Updates that broke five times and were put aside, and messages that found no turn. */
export interface AsideDesk {
  /** By id; `after` is that of the last one seen. */
  list(page: { readonly limit: number; readonly after?: string }): Promise<readonly SetAside[]>;
  /**
   * Takes it again, once, as if the platform had brought it now: access, commands, routes and all. Rejects with
   * `deadLetterNotFound`, or with `replayFailed` and keeps it.
   */
  replay(id: string): Promise<void>;
  /** Rejects with `deadLetterNotFound`. */
  drop(id: string): Promise<void>;
}

export interface SetAside {
  readonly id: string;
  readonly at: number;
  readonly problem: string;
  /** It was kept whole, so it can be taken again. */
  readonly isWhole: boolean;
  readonly from?: Address;
  readonly senderId?: string;
  readonly text?: string;
}

export type InboundHouse = Pick<House, "storage" | "sessions" | "lines" | "log" | "clock">;

/** A text that may be a command, and what is known of who said it where. */
export interface CommandAsked {
  readonly text: string;
  readonly sessionKey: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Where it was said, when that is a group. */
  readonly group?: GroupChat;
}

export interface GroupChat {
  readonly at: Address;
  /** What starts a turn there as the settings say. */
  readonly configured: Activation;
}

export interface InboundOptions {
  readonly gateway: Pick<Gateway, "receive" | "answer" | "holdTicket" | "relay" | "post" | "watchPlaces">;
  /** The agent that answers where no binding names another; it may be another one tomorrow. */
  readonly agentId: string;
  /** Read anew for each message. */
  readonly settings: () => InboundSettings;
  /** What a text asks the gateway to do itself; undefined when it is for the model. Rejects with a fault for who may not. */
  command(asked: CommandAsked): Promise<(() => Promise<string>) | undefined>;
  /** What writes recordings down, read anew for each message; undefined where nothing does. */
  readonly hearing?: () => Hearing | undefined;
  /** A file of the original's credentials, where it is; read once, never written. */
  readonly readCredential?: (name: string) => Promise<string | undefined>;
}
