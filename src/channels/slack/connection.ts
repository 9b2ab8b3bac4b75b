import { type Backoff, backoffMs, pause } from "#base";
import type { Address } from "#protocol";
import type {
  AccountOptions,
  ChannelState,
  Connection,
  OutboundMessage,
  Posted,
  SendRefusal,
  WebhookAnswer,
  WebhookRequest,
} from "../channel.ts";
import { Intake } from "../intake.ts";
import { type Api, type Client, createApi } from "./api.ts";
import { Directory } from "./directory.ts";
import { createDoorway, type Deliver, type Identity } from "./doorway.ts";
import { nameOfEmoji } from "./emoji.ts";
import { find } from "./find.ts";
import { readHappening } from "./happening.ts";
import type { SlackAccount } from "../slack.ts";
import type { Way } from "./open.ts";
import { post } from "./post.ts";
import { platformCode, refusalOf, tokenProblemOf } from "./refusal.ts";
import { runSocketMode } from "./socket-mode.ts";
import { Standing } from "./standing.ts";
import { toUpdate } from "./to-update.ts";
import { createWebRequests } from "./web-requests.ts";
import { toMrkdwn } from "./write-text.ts";

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
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #me: Identity | undefined;
  #deliver: Deliver | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#api = createApi({ apiUrl: options.apiUrl, token: options.settings.botToken.reveal(), log: options.log });
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
    return post(message, this.#client(signal));
  }

  async find(
    sought: Pick<OutboundMessage, "to" | "clientKey">,
    signal: AbortSignal,
  ): Promise<{ readonly messageId: string } | undefined> {
    const client = this.#client(signal);
    return find(sought, client, this.#me ?? (await identify(client)));
  }

  edit({ to, messageId }: Posted, text: string, signal: AbortSignal): Promise<SendRefusal | undefined> {
    return refusalFrom(this.#client(signal).chat.update({ channel: to.chat, ts: messageId, text: toMrkdwn(text) }));
  }

  delete({ to, messageId }: Posted, signal: AbortSignal): Promise<SendRefusal | undefined> {
    return refusalFrom(this.#client(signal).chat.delete({ channel: to.chat, ts: messageId }), "message_not_found");
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
    if (to.thread === undefined) return;
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
    const by = { account, me, clock, api: this.#api, directory: new Directory(this.#api, clock, signal) };
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
async function refusalFrom(call: Promise<unknown>, asWished?: string): Promise<SendRefusal | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (asWished !== undefined && platformCode(error) === asWished) return undefined;
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}
