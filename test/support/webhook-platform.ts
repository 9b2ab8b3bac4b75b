import { Secret } from "#base";
import type { Connection } from "#channels";
import { createSigning } from "../../src/channels/webhook/signing.ts";
import { webhook } from "../../src/channels/webhook.ts";
import type { ChannelPlatform } from "./channel-platform.ts";
import { FakeReceiver } from "./fake-receiver.ts";

const secret = "a secret of sixteen characters";

/** A program at both ends of the webhook channel: it posts a message until it is taken, and keeps what it is posted. */
export async function openWebhookPlatform(): Promise<ChannelPlatform> {
  const receiver = new FakeReceiver();
  const sender = new Sender();
  const settings = { secret: new Secret(secret), signature: "hmac-sha256", url: receiver.url };
  return {
    // The gateway's server would do this: what comes in goes to whoever has the account open.
    channel: { ...webhook, open: async (options) => sender.serveBy(await webhook.open(options as never)) },
    settings,
    wrongSettings: settings,
    chat: "room",
    goneChat: "gone",
    says: (text) => sender.say(text),
    get unacknowledged() {
      return sender.unacknowledged;
    },
    shown: (messageId) => {
      const posted = receiver.got.find(({ json }) => json["id"] === messageId);
      return posted && { text: String(posted.json["text"]), reactions: [] };
    },
    files: async () =>
      receiver.got
        .flatMap(({ json }) => (json["files"] ?? []) as { readonly name: string; readonly base64: string }[])
        .map(({ name, base64 }) => ({ name, text: Buffer.from(base64, "base64").toString(), isVoice: false })),
    get shownCount() {
      return receiver.got.filter(({ wasRefused }) => !wasRefused).length;
    },
    typings: 0,
    drafts: [],
    next: (trouble) =>
      receiver.next(trouble === "lostAnswer" ? { cut: true } : { status: 429, headers: { "retry-after": "60" } }),
    strangers: 0,
    get isListening() {
      return sender.isServed;
    },
    [Symbol.asyncDispose]: async () => {
      sender.stop();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

/** Posts what somebody says, again and again until it is taken. */
class Sender {
  #connection: Connection | undefined;
  #count = 0;
  #isStopped = false;
  unacknowledged = 0;

  get isServed(): boolean {
    return this.#connection?.state === "online";
  }

  serveBy(connection: Connection): Connection {
    this.#connection = connection;
    return connection;
  }

  say(text: string): void {
    this.unacknowledged++;
    void this.#insist(`m${++this.#count}`, text);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #insist(id: string, text: string): Promise<void> {
    const body = JSON.stringify({ id, chat: "room", sender: "u1", text });
    while (!this.#isStopped) {
      const headers = new Headers(createSigning("hmac-sha256", secret).sign(id, body, Date.now()));
      const request = { method: "POST", path: "", headers, body: new TextEncoder().encode(body) };
      const answer = this.isServed ? await this.#connection?.take?.(request) : undefined;
      if (answer?.status === 202) {
        this.unacknowledged--;
        return;
      }
      await Bun.sleep(1);
    }
  }
}
