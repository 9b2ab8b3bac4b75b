import { Secret } from "#base";
import { emojiOfName } from "../../src/channels/slack/emoji.ts";
import { slack } from "../../src/channels/slack.ts";
import type { ChannelPlatform } from "./channel-platform.ts";
import { FakeSlack } from "./fake-slack.ts";
import { accountOf } from "./open-slack.ts";

/** The fake workspace for the conformance suite, by Socket Mode. */
export async function openSlackPlatform(): Promise<ChannelPlatform> {
  const fake = new FakeSlack();
  const settings = accountOf(fake);
  const ours = () => fake.messages("D1").filter(({ user }) => user === fake.world.me.user);
  return {
    channel: slack,
    settings,
    wrongSettings: { ...settings, botToken: new Secret("xoxb-of_nobody") },
    chat: "D1",
    typingThread: "1700000000.000100",
    goneChat: "C404",
    says: (text) => void fake.say(text, { channel: "D1", channel_type: "im" }),
    get unacknowledged() {
      return fake.socket.unacknowledged;
    },
    shown: (messageId) => {
      const message = ours().find(({ ts }) => ts === messageId);
      return message && { text: message.text, reactions: message.reactions.map(({ name }) => emojiOfName(name)) };
    },
    get shownCount() {
      return ours().length;
    },
    get typings() {
      return fake.world.statuses.length;
    },
    drafts: [],
    next: (trouble, to = "send") => {
      const fault = trouble === "lostAnswer" ? ({ cut: "after" } as const) : { status: 429, retryAfterSeconds: 60 };
      fake.fail(to === "send" ? "chat.postMessage" : "chat.update", fault);
    },
    get strangers() {
      return fake.strangers;
    },
    get isListening() {
      return fake.socket.links > 0;
    },
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}
