import { Secret } from "#base";
import { emojiOfName } from "../../src/channels/slack/emoji.ts";
import { slack } from "../../src/channels/slack.ts";
import type { MessengerPlatform } from "./channel-platform.ts";
import { FakeSlack } from "./fake-slack.ts";
import { accountOf } from "./open-slack.ts";

/** The fake workspace for the conformance suite, by Socket Mode. */
export async function openSlackPlatform(): Promise<MessengerPlatform> {
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
    press: (messageId, label) => {
      const blocks = (ours().find(({ ts }) => ts === messageId)?.blocks ?? []) as readonly Block[];
      const action = blocks.flatMap(({ elements = [] }) => elements).find(({ text }) => text.text === label);
      fake.socket.deliver("interactive", {
        type: "block_actions",
        user: { id: "U1", username: "ann", team_id: "T1" },
        team: { id: "T1", domain: "fake" },
        channel: { id: "D1", name: "directmessage" },
        message: { ts: messageId, type: "message" },
        actions: [{ ...action, action_ts: "1700000004.1" }],
      });
    },
    get unacknowledged() {
      return fake.socket.unacknowledged;
    },
    shown: (messageId) => {
      const message = ours().find(({ ts }) => ts === messageId);
      return message && { text: message.text, reactions: message.reactions.map(({ name }) => emojiOfName(name)) };
    },
    files: async () =>
      ours()
        .flatMap(({ files }) => files ?? [])
        .map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString(), isVoice: false })),
    get texts() {
      return ours().map(({ text }) => text);
    },
    get shownCount() {
      return ours().length;
    },
    get typings() {
      return fake.world.statuses.length;
    },
    drafts: [],
    next: (trouble, to = "send") => {
      const faults = {
        rateLimited: { status: 429, retryAfterSeconds: 60 },
        busy: { status: 429, retryAfterSeconds: 1 },
        lostAnswer: { cut: "after" },
        failsAfter: { status: 502, after: true },
        hangsAfter: { hang: "after" },
      } as const;
      fake.fail(to === "send" ? "chat.postMessage" : "chat.update", faults[trouble]);
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

interface Block {
  readonly elements?: readonly { readonly text: { readonly text: string }; readonly value: string }[];
}
