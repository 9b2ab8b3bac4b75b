import { backoffMs, clip, type Clock, type Log, pause, sayingOf, Secret } from "#base";
import type { ChannelState, ConfiguredAccount, Connection, MenuCommand, Notes, Update } from "#channels";
import { fault } from "#protocol";
import type { Inbound } from "../inbound/inbound.ts";
import type { Line } from "../line.ts";
import { counted } from "./counted.ts";
import { Lanes } from "./lanes.ts";
import { type TakeLease, Tenancy } from "./lease.ts";
import { Traffic } from "./traffic.ts";
import { Watch } from "./watch.ts";

export interface Patience {
  readonly retry: { readonly firstMs: number; readonly mostMs: number };
  /** After so many tries in a row that came to nothing, every next one waits about as long as `retry` lets it. */
  readonly quickTries: number;
  readonly openMs: number;
  /** A connection that is offline mends itself, or it is opened anew after this. */
  readonly offlineMs: number;
  /** The longest wait for an account that another gateway has: whether it still does is found out on this machine. */
  readonly takenMs: number;
  /** One that was up for so long was no failed try. */
  readonly soundMs: number;
  /** What is being received when it ends may finish. */
  readonly drainMs: number;
  readonly closeMs: number;
  /** When it last took and sent something is noted so long after. */
  readonly noteAfterMs: number;
}

export const usualPatience: Patience = {
  retry: { firstMs: 500, mostMs: 300_000 },
  quickTries: 10,
  openMs: 30_000,
  offlineMs: 60_000,
  takenMs: 10_000,
  soundMs: 60_000,
  drainMs: 5_000,
  closeMs: 5_000,
  noteAfterMs: 60_000,
};

/** Updates of one account that are taken at once, and that wait for it. */
const receiving = { running: 8, held: 256 };

const longestProblem = 500;

export interface AccountParts {
  readonly take: Inbound["take"];
  readonly notes: (account: string) => Notes;
  /** What the menus of platforms are to show; asked for when an account is opened that has one. */
  readonly commands?: () => Promise<readonly MenuCommand[]>;
  /** Asked before an account is opened, whether this gateway may have it; without it, nobody asks. */
  readonly lease?: TakeLease;
  readonly log: Log;
  readonly clock: Clock;
  readonly patience: Patience;
}

/** How an account is and what it did, for people. */
export interface AccountView {
  readonly channel: string;
  readonly account: string;
  readonly isEnabled: boolean;
  /** Its settings are whole. */
  readonly isConfigured: boolean;
  /** It is opened, or opened again and again. */
  readonly isRunning: boolean;
  readonly state: ChannelState;
  readonly problem?: string;
  /** What does not work although it is online. */
  readonly warning?: string;
  /** Tries in a row that came to nothing. */
  readonly failures: number;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly connectedAt?: number;
  readonly lastInboundAt?: number;
  readonly lastOutboundAt?: number;
}

type Story = { -readonly [Name in "startedAt" | "stoppedAt" | "connectedAt"]?: number };

/** How one opening ended. `isTaken`: it was not begun, because another gateway has the account. */
interface Ending {
  readonly problem: string;
  readonly onlineMs: number;
  readonly isTaken?: true;
}

/** One account of a channel: opened, kept open, closed. What breaks in it stays in it. */
export class Account {
  readonly #parts: AccountParts;
  readonly #log: Log;
  readonly #story: Story;
  readonly #traffic: Traffic;
  readonly #tenancy: Tenancy;
  #configured: ConfiguredAccount;
  #life: { readonly stop: AbortController; readonly over: Promise<void> } | undefined;
  #lanes: Lanes | undefined;
  #line: Line | undefined;
  #state: ChannelState = "offline";
  #problem: string | undefined;
  #failures = 0;
  /** Openings that were given up, until what came of them is closed. */
  #late: Promise<unknown> | undefined;

  /** `before`: the account of this name that it stands in for, whose story goes on. */
  constructor(configured: ConfiguredAccount, parts: AccountParts, before?: Account) {
    this.#configured = configured;
    this.#parts = parts;
    this.#story = before ? { ...before.#story } : {};
    this.#tenancy = new Tenancy(configured, parts.lease);
    const { channel, account } = configured;
    this.#log = parts.log.with({ channel: channel.id, account });
    this.#traffic = before ? before.#traffic : this.#openTraffic();
    this.#problem = configured.problem;
  }

  get configured(): ConfiguredAccount {
    return this.#configured;
  }

  /** Settings that only the gateway reads: what is open stays open. The fingerprint must be the same. */
  adopt(configured: ConfiguredAccount): void {
    this.#configured = configured;
  }

  /** While it is open. */
  get line(): Line | undefined {
    return this.#line;
  }

  get view(): AccountView {
    const { channel, account, isEnabled, problem: misfit } = this.configured;
    const problem = this.#problem;
    const warning = this.#line && (this.#line.connection.warning ?? this.#tenancy.warning);
    return {
      channel: channel.id,
      account,
      isEnabled,
      isConfigured: misfit === undefined,
      isRunning: this.#life !== undefined,
      state: this.#state,
      ...(problem !== undefined && { problem }),
      ...(warning !== undefined && { warning: this.#withoutSecrets(warning) }),
      failures: this.#failures,
      ...this.#story,
      ...this.#traffic.times,
    };
  }

  /** Nothing where it is running. Throws `configInvalid` for an account that cannot be opened as it is set. */
  start(): void {
    if (this.#life) return;
    const { channel, account, isEnabled, problem } = this.configured;
    if (problem !== undefined) throw fault.configInvalid({ problem: `${problem}.` });
    if (!isEnabled) throw fault.configInvalid({ problem: `The account ${account} of ${channel.id} is not enabled.` });
    const stop = new AbortController();
    this.#failures = 0;
    this.#story.startedAt = this.#parts.clock.now();
    this.#life = { stop, over: this.#live(stop.signal) };
  }

  /** Resolves when it is closed, which has a bound. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    life.stop.abort();
    await life.over;
    await this.#traffic.settle();
    if (this.#life !== life) return; // two who wait for the same end
    this.#life = undefined;
    this.#problem = undefined;
    this.#story.stoppedAt = this.#parts.clock.now();
  }

  /** Takes no more updates; what is open stays open for what is still to be sent. */
  quiesce(): void {
    this.#lanes?.close();
  }

  async #live(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#tryOnce(signal);
    } finally {
      await this.#leave();
    }
  }

  async #tryOnce(signal: AbortSignal): Promise<void> {
    const { problem, onlineMs, isTaken = false } = await this.#openAndHold(signal);
    if (signal.aborted) return;
    const { soundMs, takenMs } = this.#parts.patience;
    this.#failures = onlineMs >= soundMs ? 1 : this.#failures + 1;
    const waitMs = isTaken ? Math.min(takenMs, this.#waitMs()) : this.#waitMs();
    const isToldAlready = isTaken && this.#problem === problem;
    this.#become("offline", problem);
    if (!isToldAlready) {
      const fields = { problem: this.#problem, failures: this.#failures, waitMs };
      this.#log.warn("an account is opened again", fields);
    }
    await pause(waitMs, signal).catch(() => undefined);
  }

  /** Others may have the account as soon as nothing of it can be open here, or after a bound. */
  async #leave(): Promise<void> {
    const late = this.#late;
    this.#late = undefined;
    if (!late) return this.#tenancy.leave();
    void isOver(this.#parts.patience.openMs, late).then(() => this.#tenancy.leave());
  }

  /** Resolves when it is over, with the reason. */
  async #openAndHold(signal: AbortSignal): Promise<Ending> {
    const { clock, patience } = this.#parts;
    const seen = (state: ChannelState, problem: string | undefined) => this.#become(state, problem);
    const watch = new Watch({ clock, patienceMs: patience.offlineMs, seen });
    const lanes = new Lanes(receiving);
    const ready = Promise.withResolvers<Line>();
    ready.promise.catch(() => undefined); // perhaps nobody has received anything
    try {
      const taken = await this.#tenancy.enter();
      if (taken !== undefined) return { problem: taken, onlineMs: 0, isTaken: true };
      if (signal.aborted) return { problem: "It was stopped.", onlineMs: 0 };
      const opening = this.#open({ watch, lanes, ready: ready.promise });
      const connection = await within(patience.openMs, signal, opening);
      if (!connection) {
        this.#late = Promise.all([this.#late, closeLate(opening)]);
        return { problem: "It was not open in time.", onlineMs: 0 };
      }
      this.#lanes = lanes;
      this.#line = this.#lineOver(connection);
      ready.resolve(this.#line);
      await watch.over(connection, signal);
      const problem = connection.problem ?? "The connection was lost.";
      await this.#close(connection, lanes);
      return { problem, onlineMs: watch.onlineMs };
    } catch (error) {
      return { problem: sayingOf(error), onlineMs: watch.onlineMs };
    } finally {
      ready.reject(fault.shuttingDown({}));
    }
  }

  #openTraffic(): Traffic {
    const { channel, account } = this.configured;
    const { clock, patience, notes } = this.#parts;
    const { noteAfterMs } = patience;
    return new Traffic({ notes: notes(`${channel.id}/${account}`), clock, log: this.#log, noteAfterMs });
  }

  #lineOver(connection: Connection): Line {
    const { channel, account } = this.configured;
    const settings = () => this.configured.settings;
    return {
      channel,
      account,
      get settings() {
        return settings();
      },
      connection: counted(connection, () => this.#traffic.sent()),
    };
  }

  async #open(parts: {
    readonly watch: Watch;
    readonly lanes: Lanes;
    readonly ready: Promise<Line>;
  }): Promise<Connection> {
    const { channel, account, settings } = this.configured;
    const { clock, notes } = this.#parts;
    const { watch, lanes, ready } = parts;
    const commands = channel.abilities?.includes("menu") ? await this.#parts.commands?.() : undefined;
    const options = {
      account,
      settings,
      receive: (update: Update) =>
        lanes.run(`${update.from.chat}\n${update.from.thread ?? ""}`, async () => {
          await this.#parts.take(update, await ready);
          this.#traffic.took();
        }),
      notes: notes(`${channel.id}/${account}`),
      ...(commands && { commands }),
      changed: () => watch.look(),
      log: this.#log,
      clock,
    };
    return channel.open(options);
  }

  async #close(connection: Connection, lanes: Lanes): Promise<void> {
    const { drainMs, closeMs } = this.#parts.patience;
    lanes.close();
    if (!(await isOver(drainMs, lanes.idle()))) this.#log.warn("an account is closed while it still receives");
    this.#line = undefined;
    this.#lanes = undefined;
    this.#become("offline", undefined);
    const closed = Promise.try(() => connection[Symbol.asyncDispose]()).catch((error: unknown) =>
      this.#log.warn("an account broke when it was closed", { error }),
    );
    if (!(await isOver(closeMs, closed))) this.#log.warn("an account does not close");
  }

  #waitMs(): number {
    const { retry, quickTries } = this.#parts.patience;
    if (this.#failures < quickTries) return backoffMs(retry, this.#failures);
    return Math.round(retry.mostMs * (0.75 + Math.random() / 4));
  }

  /** The only place where the state changes. */
  #become(state: ChannelState, problem: string | undefined): void {
    if (state === "online" && this.#state !== "online") {
      this.#story.connectedAt = this.#parts.clock.now();
      this.#log.info("an account is online");
    }
    this.#state = state;
    this.#problem = problem === undefined ? undefined : this.#withoutSecrets(problem);
  }

  /** What a library says of its failure may quote what it was given. */
  #withoutSecrets(problem: string): string {
    const secrets = Object.values(this.configured.settings).filter((value) => value instanceof Secret);
    const clean = secrets.reduce((text, secret) => text.replaceAll(secret.reveal(), "[secret]"), problem);
    return clip(clean, longestProblem);
  }
}

/** The connection; undefined when it takes too long or is not wanted any more. */
async function within(ms: number, signal: AbortSignal, opening: Promise<Connection>): Promise<Connection | undefined> {
  const given = new AbortController();
  const bounded = AbortSignal.any([signal, given.signal]);
  const tooLate = pause(ms, bounded).catch(() => undefined);
  const first = await Promise.race([opening, tooLate]);
  given.abort();
  if (first && !signal.aborted) return first;
  return undefined;
}

/** One that comes later is closed. */
async function closeLate(opening: Promise<Connection>): Promise<void> {
  await opening.then((connection) => connection[Symbol.asyncDispose]()).catch(() => undefined);
}

async function isOver(ms: number, work: Promise<unknown>): Promise<boolean> {
  const patience = new AbortController();
  const tooLate = pause(ms, patience.signal).then(
    () => false,
    () => true,
  );
  const first = await Promise.race([work.then(() => true), tooLate]);
  patience.abort();
  return first;
}
