import { type Backoff, backoffMs, pause } from "#base";
import type { Address } from "#protocol";
import type {
  AccountOptions,
  ChannelState,
  Connection,
  Grown,
  Growth,
  OutboundMessage,
  Posted,
  SendRefusal,
  WebhookAnswer,
  WebhookRequest,
} from "../channel.ts";
import { growByEditing } from "../grow-by-editing.ts";
import { Intake } from "../intake.ts";
import type { SlackAccount } from "../slack.ts";
import { type Api, type Client, createApi, hostCheck } from "./api.ts";
import { Directory } from "./directory.ts";
import { createDoorway, type Deliver, type Identity } from "./doorway.ts";
import { nameOfEmoji } from "./emoji.ts";
import { find } from "./find.ts";
import { readHappening } from "./happening.ts";
import { post } from "./post.ts";
import { platformCode, refusalOf, tokenProblemOf } from "./refusal.ts";
import { respond } from "./respond.ts";
import { runSocketMode } from "./socket-mode.ts";
import { Standing } from "./standing.ts";
import { Streams } from "./streams.ts";
import { Tickets } from "./tickets.ts";
import { toUpdate } from "./to-update.ts";
import type { Way } from "./way.ts";
import { createWebRequests } from "./web-requests.ts";
import { update } from "./update.ts";

const patience: Backoff = { firstMs: 500, mostMs: 60_000 };

interface Options extends AccountOptions<SlackAccount> {
  readonly apiUrl: URL;
  readonly way: Way;
}

/** The line to one workspace: finds out who we are there, then listens, until it is closed. */
export class SlackConnection implements Connection {
  readonly take?: (request: WebhookRequest) => Promise<WebhookAnswer>;
  readonly #options: Options;
  readonly #api: Api;
  readonly #standing: Standing;
  readonly #streams = new Streams();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #tickets: Tickets;
  #me: Identity | undefined;
  #deliver: Deliver | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#api = createApi({ apiUrl: options.apiUrl, token: options.settings.botToken.reveal(), log: options.log });
    this.#tickets = new Tickets(options.clock);
    this.#standing = new Standing(() => options.changed());
    if (options.way.mode === "http") {
      this.take = createWebRequests({
        signingSecret: options.way.signingSecret,
        doorway: () => this.#deliver,
        nowMs: () => options.clock.now(),
      });
    }
    this.#running = this.#run();
  }

  get state(): ChannelState {
    return this.#standing.state;
  }

  get problem(): string | undefined {
    return this.#standing.problem;
  }

  send(message: OutboundMessage, signal: AbortSignal): Promise<{ readonly messageId: string } | SendRefusal> {
    const bounded = AbortSignal.any([signal, this.#closing.signal]);
    const isSlacks = hostCheck(this.#options.apiUrl);
    // Files go in several requests, and their bound is of all of them.
    const posted = (client: Client) =>
      post(message, client, () => respond(message, { tickets: this.#tickets, isSlacks, signal: bounded }));
    return message.files?.length ? posted(this.#api.client(bounded)) : this.#api.call(bounded, posted);
  }

  async find(
    sought: Pick<OutboundMessage, "to" | "clientKey">,
    signal: AbortSignal,
  ): Promise<{ readonly messageId: string } | undefined> {
    const client = this.#client(signal);
    const me = this.#me ?? (await identify(client));
    return (await this.#streams.find(sought, client, me)) ?? find(sought, client, me);
  }

  /** By a stream, where Slack has them; where it does not, or it ended before its time, by editing. */
  async grow(step: Growth, signal: AbortSignal): Promise<Grown | SendRefusal> {
    const { message, messageId: known } = step;
    const client = this.#client(signal);
    const grown = await orRefusal(async (): Promise<Grown | undefined> => {
      if (known === undefined) {
        const begun = await this.#streams.begin(message, client);
        // It carries no key: who dies before its id is on disk finds it never again, and then nothing must stand there.
        return begun && { ...begun, isBlank: true };
      }
      const isAdded = await this.#streams.add({ to: message.to, messageId: known }, message.text, client);
      return isAdded ? { messageId: known } : undefined;
    });
    if (grown) return grown;
    // What is said with a ticket cannot be changed afterwards, so it is kept for the answer.
    const { ticket: _kept, ...plain } = message;
    return growByEditing(this, { ...step, message: plain }, signal);
  }

  async edit(posted: Posted, text: string, signal: AbortSignal): Promise<SendRefusal | undefined> {
    const client = this.#client(signal);
    return orRefusal(async () => {
      if (this.#streams.isOpen(posted) && (await this.#streams.end(posted, text, client))) return undefined;
      await update(posted, text, client);
      return undefined;
    });
  }

  delete(posted: Posted, signal: AbortSignal): Promise<SendRefusal | undefined> {
    this.#streams.forget(posted);
    const place = { channel: posted.to.chat, ts: posted.messageId };
    return refusalFrom(this.#client(signal).chat.delete(place), "message_not_found");
  }

  async react(
    { to, messageId }: Posted,
    { emoji, isAdded }: { readonly emoji: string; readonly isAdded: boolean },
    signal: AbortSignal,
  ): Promise<SendRefusal | undefined> {
    const name = nameOfEmoji(emoji);
    if (name === undefined) return { refused: "forGood", problem: `Slack has no name for ${emoji} that is known here` };
    const { reactions } = this.#client(signal);
    const reaction = { channel: to.chat, timestamp: messageId, name };
    return isAdded
      ? refusalFrom(reactions.add(reaction), "already_reacted")
      : refusalFrom(reactions.remove(reaction), "no_reaction");
  }

  /** Slack shows it in threads alone, until it shows a message of ours there. */
  async typing(to: Address, signal: AbortSignal): Promise<void> {
    if (to.thread === undefined || this.#streams.isOpenIn(to)) return;
    const shown = { channel_id: to.chat, thread_ts: to.thread, status: "is thinking…" };
    // Nobody misses it: the answer comes all the same.
    await this.#client(signal)
      .assistant.threads.setStatus(shown)
      .catch(() => undefined);
  }

  async probe(signal: AbortSignal): Promise<{ readonly name: string; readonly id: string }> {
    try {
      const { name, userId } = await identify(this.#client(signal));
      return { name, id: userId };
    } catch (error) {
      throw new Error(tokenProblemOf(error) ?? "Slack cannot be reached.", { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#standing.enter("closed");
    }
    await this.#running;
  }

  #client(signal: AbortSignal): Client {
    return this.#api.client(AbortSignal.any([signal, this.#closing.signal]));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    try {
      const me = await this.#findOutWhoWeAre(signal);
      if (!me) return;
      this.#me = me;
      this.#deliver = this.#createDoorway(me, signal);
      const { way } = this.#options;
      if (way.mode === "http") return this.#standing.enter("online");
      await runSocketMode(
        {
          ...this.#options,
          appToken: way.appToken.reveal(),
          times: way.times,
          api: this.#api,
          deliver: this.#deliver,
          standing: this.#standing,
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#options.log.error("The line to Slack broke.", { error });
      this.#standing.enter("refused", "The line to Slack broke; the log says how.");
    }
  }

  /** Undefined when Slack does not let us in: asking again would not change it. */
  async #findOutWhoWeAre(signal: AbortSignal): Promise<Identity | undefined> {
    for (let failures = 1; ; failures++) {
      try {
        return await identify(this.#client(signal));
      } catch (error) {
        signal.throwIfAborted();
        const problem = tokenProblemOf(error);
        if (problem !== undefined) {
          this.#standing.enter("refused", `bot_token: ${problem}`);
          return undefined;
        }
        this.#standing.enter("backingOff", refusalOf(error)?.problem ?? "Slack does not answer as it should");
        await pause(backoffMs(patience, failures), signal);
      }
    }
  }

  #createDoorway(me: Identity, signal: AbortSignal): Deliver {
    const { account, clock, log } = this.#options;
    const intake = new Intake(log);
    const by = {
      account,
      me,
      clock,
      api: this.#api,
      tickets: this.#tickets,
      directory: new Directory(this.#api, clock, signal),
    };
    return createDoorway({
      me,
      log,
      logger: this.#api.logger,
      take: async (body) => {
        const happening = readHappening(body, me);
        if (!happening) return "taken";
        const { id, chat } = happening;
        return intake.take({ id, chat, hand: async () => this.#options.receive(await toUpdate(happening, by)) });
      },
    });
  }
}

async function identify(client: Client): Promise<Identity> {
  const { user_id: userId, bot_id: botId, user, team_id: teamId } = await client.auth.test();
  if (userId === undefined) throw new Error("Slack does not say who we are.");
  return { userId, botId, name: user ?? userId, teamId };
}

/** `asWished`: the code that says that it is so already. */
function refusalFrom(call: Promise<unknown>, asWished?: string): Promise<SendRefusal | undefined> {
  return orRefusal(async () => {
    await call.catch((error: unknown) => {
      if (asWished === undefined || platformCode(error) !== asWished) throw error;
    });
    return undefined;
  });
}

async function orRefusal<T>(work: () => Promise<T>): Promise<T | SendRefusal> {
  try {
    return await work();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}
