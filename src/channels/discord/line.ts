import { type Backoff, backoffMs, type Clock, type Log, pause } from "#base";
import type { REST } from "@discordjs/rest";
import { type IContextFetchingStrategy, WebSocketShard, WebSocketShardEvents } from "@discordjs/ws";
import { type APIGatewayBotInfo, GatewayIntentBits, Routes } from "discord-api-types/v10";
import type { GatewayDispatchPayload } from "discord-api-types/v10";
import type { ChannelState } from "../channel.ts";
import { fatalClose } from "./fatal-close.ts";
import { isGatewayInfo } from "./answers.ts";
import { Ledger } from "./ledger.ts";
import type { Session } from "./memory.ts";
import { ask, badToken } from "./rest.ts";

const reconnect: Backoff = { firstMs: 1_000, mostMs: 60_000 };
/** Discord takes one identification in five seconds, and a thousand a day. */
const identifyEveryMs = 5_000;
const closeMs = 2_000;
/** The close code after which Discord keeps the session. */
const keepSession = 4_200;

export const intents =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.GuildMessageReactions |
  GatewayIntentBits.DirectMessages |
  GatewayIntentBits.DirectMessageReactions |
  GatewayIntentBits.MessageContent;

export interface LineOptions {
  readonly rest: REST;
  readonly token: string;
  /** The session of an earlier process. */
  readonly session: Session | undefined;
  /** Called for each event once. It calls `done` when the event needs no second time. */
  readonly onEvent: (event: GatewayDispatchPayload, done: () => void) => void;
  readonly changed: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The gateway socket of one account. The library keeps it alive: heartbeats, resuming, reconnecting. What the library asks
 * this for is the session: it is told the number of the last durable event, so what Discord plays again after a break,
 * whether of the socket or of this process, is exactly what is not on disk yet.
 */
export class Line {
  readonly #options: LineOptions;
  readonly #closing = new AbortController();
  #state: ChannelState = "degraded";
  #problem: string | undefined = "Connecting to Discord.";
  #session: { readonly id: string; readonly resumeUrl: string; readonly ledger: Ledger } | undefined;
  #shard: WebSocketShard | undefined;
  #info: APIGatewayBotInfo | undefined;
  #isHeld = false;
  #isBeforeConnect = true;
  #failures = 0;
  #identifiedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LineOptions) {
    this.#options = options;
    if (options.session) {
      const { id, resumeUrl, sequence } = options.session;
      this.#session = { id, resumeUrl, ledger: new Ledger(sequence) };
    }
  }

  get state(): ChannelState {
    return this.#state;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get session(): Session | undefined {
    if (!this.#session) return undefined;
    const { id, resumeUrl, ledger } = this.#session;
    return { id, resumeUrl, sequence: ledger.durable };
  }

  /** Asks where the gateway is, as often as it takes, and opens the socket. */
  async start(): Promise<void> {
    while (!this.#closing.signal.aborted && !this.#info) {
      const found = await this.#findGateway();
      if (found === "never") return;
      if (found) this.#info = found;
      else await this.#pause(backoffMs(reconnect, ++this.#failures));
    }
    if (!this.#info || this.#closing.signal.aborted) return;
    this.#failures = 0;
    this.#open(this.#info);
  }

  /** Lets go of the socket but not of the session: Discord keeps what comes until `resume`. */
  async hold(): Promise<void> {
    const shard = this.#shard;
    if (!shard) return;
    this.#shard = undefined;
    this.#isHeld = true;
    this.#become("degraded", "More comes from Discord than can be taken.");
    await shard.destroy({ code: keepSession, reason: "Busy" });
  }

  resume(): void {
    if (!this.#isHeld || !this.#info || this.#closing.signal.aborted) return;
    this.#isHeld = false;
    this.#open(this.#info);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const shard = this.#shard;
    this.#shard = undefined;
    const closed = shard?.destroy({ code: keepSession, reason: "Closing" });
    await Promise.race([closed, Bun.sleep(closed ? closeMs : 0)]);
  }

  async #findGateway(): Promise<APIGatewayBotInfo | "never" | undefined> {
    const signal = this.#closing.signal;
    try {
      const asked = await ask(this.#options.rest, ["get", Routes.gatewayBot()], { signal });
      if ("answer" in asked) {
        if (isGatewayInfo(asked.answer)) return asked.answer;
        throw new Error("The address of the gateway makes no sense.");
      }
      if (asked.status === 401) {
        this.#become("offline", badToken);
        return "never";
      }
      this.#become("degraded", asked.refusal.problem);
      await this.#pause(asked.refusal.retryAfterMs ?? 0);
    } catch (error) {
      if (signal.aborted) return "never";
      this.#become("degraded", "Discord cannot be reached.");
      this.#options.log.warn("Discord's gateway was not found", { error });
    }
    return undefined;
  }

  #open(info: APIGatewayBotInfo): void {
    // A shard that was let go is silent from then on, whatever it still has in hand.
    const isCurrent = () => this.#shard === shard;
    const context: IContextFetchingStrategy = {
      options: {
        token: this.#options.token,
        intents,
        version: "10",
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unsafe-enum-comparison -- the library's enum is const, and no value at run time
        encoding: "json" as never,
        compression: null,
        gatewayInformation: info,
        shardCount: 1,
        handshakeTimeout: 30_000,
        helloTimeout: 30_000,
        readyTimeout: 15_000,
        largeThreshold: null,
        initialPresence: null,
        identifyProperties: { browser: "openclaw", device: "openclaw", os: process.platform },
      },
      retrieveSessionInfo: async () => {
        await this.#beforeConnect();
        // There is no other way to stop the library between two tries.
        if (!isCurrent()) return new Promise<never>(() => {});
        if (!this.#session) return null;
        const { id, resumeUrl, ledger } = this.#session;
        return { sessionId: id, resumeURL: resumeUrl, sequence: ledger.durable, shardId: 0, shardCount: 1 };
      },
      updateSessionInfo: (_shard, found) => {
        if (!isCurrent()) return;
        if (!found) this.#session = undefined;
        else if (found.sessionId !== this.#session?.id) {
          this.#session = { id: found.sessionId, resumeUrl: found.resumeURL, ledger: new Ledger(0) };
        }
      },
      waitForIdentify: async (_shard, signal) => {
        const waitMs = this.#identifiedAt + identifyEveryMs - this.#options.clock.elapsed();
        if (waitMs > 0) await pause(waitMs, AbortSignal.any([signal, this.#closing.signal]));
        this.#identifiedAt = this.#options.clock.elapsed();
      },
    };
    const shard = new WebSocketShard(context, 0);
    this.#shard = shard;
    this.#isBeforeConnect = true;
    shard.on(WebSocketShardEvents.Dispatch, ({ data }) => {
      if (isCurrent()) this.#take(data);
    });
    shard.on(WebSocketShardEvents.Ready, () => isCurrent() && this.#connected());
    shard.on(WebSocketShardEvents.Resumed, () => isCurrent() && this.#connected());
    shard.on(WebSocketShardEvents.Closed, ({ code }) => isCurrent() && this.#lost(code));
    shard.on(WebSocketShardEvents.Error, ({ error }) => {
      this.#options.log.warn("Discord's gateway had a problem", { problem: error.message });
    });
    shard.connect().catch(() => {
      // Said by the events above already; the library goes on trying.
    });
  }

  #take(event: GatewayDispatchPayload): void {
    const ledger = this.#session?.ledger;
    if (!ledger?.begin(event.s)) return;
    this.#options.onEvent(event, () => ledger.finish(event.s));
  }

  #connected(): void {
    this.#failures = 0;
    this.#become("online", undefined);
  }

  #lost(code: number): void {
    this.#isBeforeConnect = true;
    this.#failures++;
    const why = fatalClose[code];
    if (why) {
      this.#shard = undefined;
      this.#become("offline", why);
      return;
    }
    this.#become("degraded", `The connection to Discord was lost (${code}) and is made anew.`);
  }

  /** The library tries again after half a second, for ever: what goes on failing is slowed down here. */
  async #beforeConnect(): Promise<void> {
    if (!this.#isBeforeConnect) return;
    this.#isBeforeConnect = false;
    if (this.#failures > 1) await this.#pause(backoffMs(reconnect, this.#failures - 1));
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, this.#closing.signal).catch(() => {});
  }

  #become(state: ChannelState, problem: string | undefined): void {
    if (this.#closing.signal.aborted || (this.#state === state && this.#problem === problem)) return;
    this.#state = state;
    this.#problem = problem;
    this.#options.changed();
  }
}
