import { expect, test } from "bun:test";
import { FakeDiscord } from "../../support/fake-discord.ts";
import { FakeTelegram } from "../../support/fake-telegram.ts";
import { type OpenGateway, openGateway } from "../../support/open-gateway.ts";
import { until } from "../../support/until.ts";

/** Lets everybody in, and changes what else only the gateway reads. */
async function openUp(gateway: OpenGateway, channel: string): Promise<void> {
  const settings = {
    dmPolicy: "open",
    allowFrom: ["*"],
    groupPolicy: "open",
    streaming: "off",
    pace: "off",
    replyTo: "first",
    reactionNotifications: "all",
  };
  const { body } = await gateway.call("config.patch", { patch: { channels: { [channel]: settings } } });
  expect(body.error).toBeUndefined();
}

test("settings that only the gateway reads begin no other session with Discord", async () => {
  await using discord = await FakeDiscord.open();
  const account = `[channels.discord]\ntoken = "${discord.token}"\napi_base = "${discord.apiBase}"\ndm_policy = "disabled"`;
  await using gateway = await openGateway(account);
  await until("a session", () => discord.gateway.isConnected && discord.gateway.identified.length === 1);
  const chat = discord.guild.open("direct", "");
  const ada = discord.guild.user("ada");
  discord.say(chat, ada, "hello?");
  await openUp(gateway, "discord");
  discord.say(chat, ada, "and now?");
  await until("an answer", () => discord.messages(chat).some(({ author }) => author.id === discord.guild.bot.id));
  expect(discord.gateway.identified).toHaveLength(1);
  expect(discord.gateway.resumed).toBeEmpty();
});

test("settings that only the gateway reads begin no other session with Telegram", async () => {
  await using fake = new FakeTelegram();
  const account = `[channels.telegram]\ntoken = "${fake.token}"\napi_root = "${fake.url}"\ndm_policy = "disabled"`;
  await using gateway = await openGateway(account);
  await until("a poll", () => fake.updates.isPolled);
  const begun = fake.callsOf("getMe").length;
  await openUp(gateway, "telegram");
  fake.says("and now?");
  await until("an answer", () => fake.chats.shown.length > 0);
  expect(fake.callsOf("getMe")).toHaveLength(begun);
});
