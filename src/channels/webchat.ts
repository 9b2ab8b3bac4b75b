import { newId } from "#base";
import { defineChannel } from "./channel.ts";

/**
 * The channel of everyone who talks to the gateway itself: browser, terminal, sockets. They follow the session's log, so a
 * message is theirs as soon as it is recorded there, under the id given to it here.
 */
export const webchat = defineChannel({
  id: "webchat",
  label: "Web chat",
  followsLog: true,
  text: { most: 1_048_576, unit: "bytes" },
  open: async () => ({
    state: "online",
    send: async () => ({ messageId: newId() }),
    [Symbol.asyncDispose]: async () => {},
  }),
});
