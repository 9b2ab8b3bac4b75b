import { Secret } from "#base";
import { channels, type ChannelsSettings, configuredAccounts } from "#channels";
import { expect, test } from "bun:test";
import { accountWarnings } from "../../../src/account-warnings.ts";

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

const open = { dmPolicy: "open" as const, allowFrom: ["*"] };

test.each<[string, ChannelsSettings, readonly string[]]>([
  ["nothing strange", { telegram: { token: some, ...open } }, []],
  [
    "a token of another kind",
    { telegram: { token: new Secret("xoxb-1") } },
    ["channels.telegram.token is none of Telegram's, which look like 123456789:AAbbCC."],
  ],
  [
    "two of Slack's that were mixed up",
    { slack: { botToken: new Secret("xapp-1"), appToken: new Secret("xoxb-1") } },
    [
      "channels.slack.bot_token is no bot token of Slack's, which begins with xoxb-.",
      "channels.slack.app_token is no app-level token of Slack's, which begins with xapp-.",
    ],
  ],
  [
    "one of Discord's that is only a part",
    { discord: { accounts: { work: { token: new Secret("abc") } } } },
    [
      "channels.discord.accounts.work.token is none of a bot of Discord's, which has three parts with dots between them.",
    ],
  ],
  [
    "a door that is called open and is not",
    { telegram: { token: some, dmPolicy: "open", allowFrom: ["42"] } },
    [
      'channels.telegram.dm_policy is "open", but channels.telegram.allow_from has no "*", so strangers may not write directly.',
    ],
  ],
  [
    "a list with nobody on it",
    { telegram: { token: some, dmPolicy: "allowlist", allowFrom: [] } },
    ["channels.telegram.allow_from is empty, so nobody may write directly but whom `openclaw pairing allow` lets in."],
  ],
  ["an empty list where strangers get codes", { telegram: { token: some, allowFrom: [] } }, []],
  [
    "no token yet",
    { webhook: {} },
    ["channels.webhook.secret is not set, so the account default of webhook is not opened."],
  ],
  ["what is not enabled", { telegram: { enabled: false, token: new Secret("x") } }, []],
])("%s is remarked on at the start, as a sentence", (_what, settings, warnings) => {
  expect(accountWarnings(channels, settings, { dmScope: "per-channel-peer" })).toEqual(warnings);
});

test("that strangers would share one conversation is remarked on, and not where each has one", () => {
  const settings = { telegram: { token: some, ...open } };
  const [warning = "", ...more] = accountWarnings(channels, settings, { dmScope: "main" });
  expect(warning).toStartWith('channels.telegram.dm_policy lets everybody in while session.dm_scope is "main"');
  expect(more).toEqual([]);
  for (const dmScope of ["per-peer", "per-channel-peer", "per-account-channel-peer"]) {
    expect(accountWarnings(channels, settings, { dmScope })).toEqual([]);
  }
});
