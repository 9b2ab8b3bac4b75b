import { type Channel, type Connection, defineChannel, type SendRefusal } from "#channels";
import type { Line } from "#gateway";
import type { Address } from "#protocol";

export interface SentMessage {
  readonly to: Address;
  readonly text: string;
}

/** What the platform does with a message: takes it and names it, refuses it, or leaves everybody in doubt by a throw. */
export type Take = (message: SentMessage, signal: AbortSignal) => string | SendRefusal | Promise<string | SendRefusal>;

/** It is opened by tests themselves. */
export const pigeon: Channel = defineChannel({
  id: "pigeon",
  label: "Pigeon",
  followsLog: false,
  text: { most: 4_000, unit: "utf16" },
  open: () => Promise.reject(new Error("tests open it themselves")),
});

/** A platform whose people do not follow the log: what they got is in `got`, in the order in which it was taken. */
export class FakeChannel implements Line {
  readonly channel = pigeon;
  readonly account: string;
  readonly settings = {};
  readonly got: SentMessage[] = [];
  readonly tried: string[] = [];
  readonly connection: Connection;

  constructor(take: Take = () => `p${this.got.length + 1}`, account = "default") {
    this.account = account;
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
