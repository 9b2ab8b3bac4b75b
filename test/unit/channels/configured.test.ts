import { Secret } from "#base";
import { channels as realChannels, channelSettings, channelsSettings, configuredAccounts } from "#channels";
import { locateHome, openConfig } from "#config";
import { Type } from "@sinclair/typebox";
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parrot } from "../../support/parrot.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const channels = [parrot(() => Promise.reject(new Error("nothing is opened here")))];

function read(toml: string, environment: Record<string, string> = {}) {
  using folder = tempFolder();
  writeFileSync(join(folder.path, "openclaw.toml"), toml);
  const home = locateHome({ OPENCLAW_HOME: folder.path });
  const schema = Type.Object({ channels: channelsSettings(channels) });
  const config = openConfig({ schema, home, environment, flags: {} });
  return { config, accounts: configuredAccounts(channels, config.settings.channels) };
}

function print(toml: string): string | undefined {
  return read(toml).accounts[0]?.fingerprint;
}

/** By name, without what has no name. */
function summary(toml: string, environment?: Record<string, string>) {
  return read(toml, environment).accounts.map(({ account, isEnabled, problem }) =>
    [account, isEnabled ? "on" : "off", problem].filter(Boolean).join(" "),
  );
}

describe("the accounts of the settings", () => {
  test.each([
    ["nothing is set", "", []],
    ["a token makes the default account", `[channels.parrot]\nbot_token = "a"`, ["default on"]],
    [
      "others stand beside it, and have tokens of their own",
      `[channels.parrot]\nbot_token = "a"\n[channels.parrot.accounts.work]\nbot_token = "b"`,
      ["default on", "work on"],
    ],
    [
      "a channel that only says what its accounts share is none",
      `[channels.parrot]\ndm_policy = "open"\naccounts.work.bot_token = "b"`,
      ["work on"],
    ],
    [
      "no account takes its channel's token",
      `[channels.parrot]\nbot_token = "a"\naccounts.work.dm_policy = "open"`,
      ["default on", "work on channels.parrot.accounts.work.bot_token is not set"],
    ],
    [
      "a channel without a token",
      `[channels.parrot]\nenabled = true`,
      ["default on channels.parrot.bot_token is not set"],
    ],
    [
      "what the channel itself finds wrong",
      `[channels.parrot]\nbot_token = "a"\nmode = "http"`,
      ["default on channels.parrot.signing_secret is needed in the mode http"],
    ],
    [
      "where the default account stands among the others, it is named there",
      `[channels.parrot]\nmode = "http"\naccounts.default.bot_token = "a"`,
      ["default on channels.parrot.accounts.default.signing_secret is needed in the mode http"],
    ],
    [
      "a channel that is not enabled opens none of its accounts",
      `[channels.parrot]\nenabled = false\nbot_token = "a"\naccounts.work.bot_token = "b"`,
      ["default off", "work off"],
    ],
    [
      "one account alone",
      `[channels.parrot]\nbot_token = "a"\n[channels.parrot.accounts.work]\nenabled = false\nbot_token = "b"`,
      ["default on", "work off"],
    ],
    [
      "two names of one setting that agree",
      `[channels.parrot]\nbot_token = "a"\n[channels.parrot.groups."-1"]\nactivation = "always"\nrequire_mention = false`,
      ["default on"],
    ],
    [
      "two names of one setting that disagree",
      `[channels.parrot]\nbot_token = "a"\n[channels.parrot.guilds."7"]\nactivation = "always"\nrequire_mention = true`,
      ["default on channels.parrot.guilds.7: activation and require_mention disagree; set only one of them"],
    ],
    [
      "the same in a topic",
      `[channels.parrot]\nbot_token = "a"\n[channels.parrot.groups."-1".topics."3"]\nactivation = "mention"\nrequire_mention = false`,
      ["default on channels.parrot.groups.-1.topics.3: activation and require_mention disagree; set only one of them"],
    ],
    [
      "two accounts with one token",
      `[channels.parrot]\nbot_token = "canary"\naccounts.work.bot_token = "canary"`,
      ["default on", "work on channels.parrot.accounts.work.bot_token is also that of the account default"],
    ],
    [
      "the same token where one of the two is off",
      `[channels.parrot]\nbot_token = "a"\n[channels.parrot.accounts.work]\nenabled = false\nbot_token = "a"`,
      ["default on", "work off"],
    ],
    [
      "a name that could be read as something else in an address",
      `[channels.parrot.accounts."a/b"]\nbot_token = "a"`,
      [
        `a/b on channels.parrot.accounts: an account's name has at most 64 lower-case letters, digits, - and _, which "a/b" has not`,
      ],
    ],
  ])("%s", (_what, toml, accounts) => {
    expect(summary(toml)).toEqual(accounts);
  });

  test("an account has its own settings, its channel's where it says nothing, and what is usual elsewhere", () => {
    const { accounts } = read(`
      [channels.parrot]
      dm_policy = "allowlist"
      allow_from = ["1"]
      accounts.work.bot_token = "b"
      accounts.work.dm_policy = "open"`);
    expect(accounts[0]?.settings).toMatchObject({ dmPolicy: "open", allowFrom: ["1"], mode: "socket" });
    expect(accounts[0]?.settings["botToken"]).toBeInstanceOf(Secret);
  });

  test("a token may come from the environment, by name or by path", () => {
    const named = read(`channels.parrot.bot_token = "\${PARROT}"`, { PARROT: "canary" });
    const token = named.accounts[0]?.settings["botToken"];
    expect(token instanceof Secret && token.reveal()).toBe("canary");
    const byPath = read("", { OPENCLAW_CHANNELS_PARROT_BOT_TOKEN: "canary" });
    expect(byPath.accounts.map(({ account, problem }) => [account, problem])).toEqual([["default", undefined]]);
    expect(JSON.stringify([named, byPath])).not.toContain("canary");
  });

  test("only a change makes an account another one, and a secret alone is a change", () => {
    const first = print(`channels.parrot.bot_token = "a"\nchannels.parrot.dm_policy = "open"`);
    expect(print(`channels.parrot.dm_policy = "open"\nchannels.parrot.bot_token = "a"`)).toBe(first);
    expect(print(`channels.parrot.dm_policy = "open"\nchannels.parrot.bot_token = "b"`)).not.toBe(first);
    expect(print(`channels.parrot.bot_token = "a"\nchannels.parrot.signing_secret = "s"`)).not.toBe(first);
  });

  test("what only the gateway reads makes no account another one", () => {
    const first = print(`channels.parrot.bot_token = "a"`);
    for (const setting of [
      `dm_policy = "open"`,
      `allow_from = ["1"]`,
      `group_policy = "open"`,
      `group_allow_from = ["1"]`,
      `groups.g.require_mention = false`,
      `streaming = "partial"`,
      `pace = "off"`,
      `reaction_notifications = "all"`,
      `reply_to = "all"`,
    ])
      expect(print(`channels.parrot.bot_token = "a"\nchannels.parrot.${setting}`)).toBe(first);
  });

  test("no channel calls a setting of its own as one that only the gateway reads", () => {
    const own = realChannels.flatMap(({ account }) => Object.keys(account?.properties ?? {}));
    expect(own).not.toBeEmpty();
    expect(own.filter((name) => Object.hasOwn(channelSettings, name))).toEqual([]);
  });

  test("what can be set is explained, each with its variable", () => {
    const { config } = read(`channels.parrot.bot_token = "canary"`);
    const explained = config.explain("channels.parrot");
    expect(explained).toContainEqual(
      expect.objectContaining({
        path: "channels.parrot.bot_token",
        value: "[secret]",
        variable: "OPENCLAW_CHANNELS_PARROT_BOT_TOKEN",
      }),
    );
    expect(JSON.stringify(config.schema())).toContain('\\"socket\\" unless set.');
  });
});
