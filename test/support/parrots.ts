import type {
  AccountOptions,
  ChannelState,
  Connection,
  OutboundMessage,
  Update,
  WebhookAnswer,
  WebhookRequest,
} from "#channels";
import { type Static } from "@sinclair/typebox";
import { parrot, type ParrotAccount } from "./parrot.ts";
import { until } from "./until.ts";

type Options = AccountOptions<Static<typeof ParrotAccount>>;

/** What becomes of the next opening of an account. */
export type Opening = "opens" | "throws" | "hangs" | "opensOffline";

/** A platform that does what a test says, account by account. */
export class Parrots {
  readonly channel = parrot((options) => this.#open(options));
  /** Every opening that succeeded, in its order. */
  readonly lines: ParrotLine[] = [];
  /** How often an account was tried. */
  readonly tries = new Map<string, number>();
  readonly #script: (account: string, nth: number) => Opening;
  /** How long closing takes; for ever when it never resolves. */
  closing: () => Promise<void> = async () => {};
  late: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(script: (account: string, nth: number) => Opening = () => "opens") {
    this.#script = script;
  }

  /** The last opening of an account. */
  line(account = "default"): ParrotLine | undefined {
    return this.lines.findLast((line) => line.account === account);
  }

  /** The open line of an account, as soon as there is one. */
  open(account = "default"): Promise<ParrotLine> {
    return until(`${account} to be open`, () => {
      const line = this.line(account);
      return line?.isClosed === false ? line : undefined;
    });
  }

  triesOf(account: string): number {
    return this.tries.get(account) ?? 0;
  }

  async #open(options: Options): Promise<Connection> {
    const nth = this.triesOf(options.account) + 1;
    this.tries.set(options.account, nth);
    const opening = this.#script(options.account, nth);
    if (opening === "throws") throw new Error(`no perch for ${options.settings.botToken.reveal()}`);
    if (opening === "hangs") await this.late.promise;
    const line = new ParrotLine(options, () => this.closing());
    if (opening === "opensOffline") line.state = "offline";
    this.lines.push(line);
    return line;
  }
}

/** One opening of an account. A class with private fields, as libraries have them. */
export class ParrotLine implements Connection {
  readonly account: string;
  readonly options: Options;
  readonly said: string[] = [];
  readonly requests: WebhookRequest[] = [];
  readonly #closing: () => Promise<void>;
  state: ChannelState = "online";
  problem: string | undefined;
  isClosed = false;
  answer: (request: WebhookRequest) => WebhookAnswer | Promise<WebhookAnswer> = () => ({ status: 200, body: "squawk" });

  constructor(options: Options, closing: () => Promise<void>) {
    this.account = options.account;
    this.options = options;
    this.#closing = closing;
  }

  go(state: ChannelState, problem?: string): void {
    this.state = state;
    this.problem = problem;
    this.options.changed();
  }

  /** Somebody writes to this account. */
  hear(text: string, chat = "c1"): Promise<void> {
    return this.options.receive(message(text, { chat, account: this.account }));
  }

  async send({ text }: OutboundMessage): Promise<{ readonly messageId: string }> {
    this.said.push(text);
    return { messageId: `p${this.said.length}` };
  }

  async take(request: WebhookRequest): Promise<WebhookAnswer> {
    this.requests.push(request);
    return this.answer(request);
  }

  async probe(): Promise<{ readonly name: string; readonly id: string }> {
    if (!(#closing in this)) throw new Error("asked without the line that it belongs to");
    return { name: `@${this.account}`, id: "7" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing();
    this.isClosed = true;
  }
}

export function message(text: string, { chat, account }: { readonly chat: string; readonly account: string }): Update {
  return {
    type: "message",
    id: `${account}-${chat}-${text}`,
    at: 1_700_000_000_000,
    from: { channel: "parrot", account, chat },
    place: { kind: "direct" },
    sender: { id: "u1", isBot: false },
    messageId: text,
    text,
    attachments: [],
    isToUs: true,
  };
}
