import { Secret } from "#base";
import { discord } from "../../src/channels/discord.ts";
import type { ChannelPlatform } from "./channel-platform.ts";
import { FakeDiscord } from "./fake-discord.ts";

/** The fake Discord for the conformance suite. It acknowledges by heartbeats, so they are fast here. */
export async function openDiscordPlatform(): Promise<ChannelPlatform> {
  const fake = await FakeDiscord.open();
  fake.gateway.heartbeatMs = 20;
  const ada = fake.guild.user("ada");
  const chat = fake.guild.open("direct", "");
  const ours = () => fake.messages(chat).filter(({ author }) => author.id === fake.guild.bot.id);
  return {
    channel: discord,
    settings: { token: new Secret(fake.token), apiBase: fake.apiBase },
    wrongSettings: { token: new Secret("of_nobody"), apiBase: fake.apiBase },
    chat,
    goneChat: fake.guild.snowflake(),
    says: (text) => fake.gateway.whenKnown(() => void fake.say(chat, ada, text)),
    get unacknowledged() {
      return fake.gateway.unacknowledged;
    },
    shown: (messageId) => {
      const message = ours().find(({ id }) => id === messageId);
      return message && { text: message.content, reactions: fake.api.reactions.get(messageId) ?? [] };
    },
    get shownCount() {
      return ours().length;
    },
    get typings() {
      return fake.api.typing.length;
    },
    drafts: [],
    next: (trouble, to = "send") => {
      const limit = { status: 429, headers: { "retry-after": "60" }, body: { message: "limited", retry_after: 60 } };
      const request = to === "send" ? /^POST .*\/messages$/ : /^PATCH .*\/messages\/\d+$/;
      fake.api.fail(request, trouble === "lostAnswer" ? "brokenAfter" : limit);
    },
    get strangers() {
      return fake.api.strangers;
    },
    get isListening() {
      return fake.gateway.isConnected;
    },
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}
