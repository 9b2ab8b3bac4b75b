import { Secret } from "#base";
import { channels, type ChannelsSettings, configuredAccounts } from "#channels";
import { expect, test } from "bun:test";

const some = new Secret("1:some");

test.each<[string, ChannelsSettings, string]>([
  ["Slack without a token", { slack: {} }, "channels.slack.bot_token is not set"],
  ["Slack's socket", { slack: { botToken: some } }, "channels.slack.app_token is needed in the mode socket"],
  [
    "Slack over HTTP",
    { slack: { botToken: some, mode: "http" } },
    "channels.slack.signing_secret is needed in the mode http",
  ],
  ["Discord without a token", { discord: {} }, "channels.discord.token is not set"],
  [
    "Telegram's webhook without a secret",
    { telegram: { token: some, mode: "webhook", webhookUrl: "https://x.example" } },
    "channels.telegram.webhook_secret is needed for webhooks",
  ],
  [
    "Telegram's webhook without an address",
    { telegram: { token: some, mode: "webhook", webhookSecret: some } },
    "channels.telegram.webhook_url is needed for webhooks",
  ],
  ["a webhook without a secret", { webhook: {} }, "channels.webhook.secret is not set"],
])("%s is told before anything is opened, by the setting's name", (_what, settings, problem) => {
  expect(configuredAccounts(channels, settings).map((one) => one.problem)).toEqual([problem]);
});

test.each<[string, ChannelsSettings]>([
  ["Slack's socket", { slack: { botToken: some, appToken: new Secret("2:other") } }],
  ["Slack over HTTP", { slack: { botToken: some, signingSecret: some, mode: "http" } }],
  ["Telegram", { telegram: { token: some } }],
])("%s is fine with what it needs", (_what, settings) => {
  expect(configuredAccounts(channels, settings).map((one) => one.problem)).toEqual([undefined]);
});
