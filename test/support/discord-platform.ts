import { Secret } from "#base";
import { ComponentType } from "discord-api-types/v10";
import { discord } from "../../src/channels/discord.ts";
import type { MessengerPlatform } from "./channel-platform.ts";
import { FakeDiscord } from "./fake-discord.ts";

/** The fake Discord for the conformance suite. It acknowledges by heartbeats, so they are fast here. */
export async function openDiscordPlatform(): Promise<MessengerPlatform> {
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
    press: (messageId, label) => {
      const message = ours().find(({ id }) => id === messageId);
      const rows = (message?.components ?? []).filter((row) => row.type === ComponentType.ActionRow);
      const button = rows.flatMap((row) => row.components).find((one) => "label" in one && one.label === label);
      if (message && button && "custom_id" in button) fake.press(message, ada, button.custom_id);
    },
    get unacknowledged() {
      return fake.gateway.unacknowledged;
    },
    shown: (messageId) => {
      const message = ours().find(({ id }) => id === messageId);
      return message && { text: message.content, reactions: fake.api.reactions.get(messageId) ?? [] };
    },
    files: () =>
      Promise.all(
        fake.api.calls
          .flatMap(({ files }) => files)
          .map(async (file) => ({ name: file.name, text: await file.text(), isVoice: false })),
      ),
    get texts() {
      return ours().map(({ content }) => content);
    },
    get shownCount() {
      return ours().length;
    },
    get typings() {
      return fake.api.typing.length;
    },
    drafts: [],
    next: (trouble, to = "send") => {
      const faults = {
        rateLimited: limited(60),
        busy: limited(1),
        lostAnswer: "brokenAfter",
        failsAfter: "failsAfter",
        hangsAfter: "hangsAfter",
      } as const;
      const request = to === "send" ? /^POST .*\/messages$/ : /^PATCH .*\/messages\/\d+$/;
      fake.api.fail(request, faults[trouble]);
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

function limited(seconds: number) {
  const headers = { "retry-after": String(seconds) };
  return { status: 429, headers, body: { message: "limited", retry_after: seconds } };
}
