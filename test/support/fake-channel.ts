import type { OpenChannel } from "#gateway";
import type { Address } from "#protocol";

export interface SentMessage {
  readonly to: Address;
  readonly text: string;
  readonly key?: string;
}

/** What the platform does with a message: takes it and names it, or throws. */
export type Take = (message: SentMessage, signal: AbortSignal) => string | Promise<string>;

/** A platform whose people do not follow the log: what they got is in `got`, in the order in which it was taken. */
export class FakeChannel implements OpenChannel {
  readonly id = "pigeon";
  readonly followsLog = false;
  readonly got: SentMessage[] = [];
  readonly tried: string[] = [];
  readonly connection: OpenChannel["connection"];

  constructor(take: Take = () => `p${this.got.length + 1}`) {
    this.connection = {
      state: "online",
      send: async (message, signal) => {
        this.tried.push(message.text);
        const messageId = await take(message, signal);
        this.got.push(message);
        return { messageId };
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  get texts(): string[] {
    return this.got.map((message) => message.text);
  }
}
