import type { SendRefusal } from "#channels";
import type { OpenChannel } from "#gateway";
import type { Address } from "#protocol";

export interface SentMessage {
  readonly to: Address;
  readonly text: string;
}

/** What the platform does with a message: takes it and names it, refuses it, or leaves everybody in doubt by a throw. */
export type Take = (message: SentMessage, signal: AbortSignal) => string | SendRefusal | Promise<string | SendRefusal>;

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
      send: async ({ to, text }, signal) => {
        this.tried.push(text);
        const taken = await take({ to, text }, signal);
        if (typeof taken !== "string") return taken;
        this.got.push({ to, text });
        return { messageId: taken };
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  get texts(): string[] {
    return this.got.map((message) => message.text);
  }
}
