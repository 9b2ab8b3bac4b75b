import { lazily } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { SecretText } from "#config";
import { defineChannel } from "./channel.ts";

export const SlackAccount = Type.Object({
  botToken: SecretText({ description: "The bot's token, which begins with xoxb-." }),
  appToken: Type.Optional(SecretText({ description: "The app-level token for Socket Mode, which begins with xapp-." })),
  signingSecret: Type.Optional(SecretText({ description: "What Slack signs its requests with, in the mode http." })),
  mode: Type.Union([Type.Literal("socket"), Type.Literal("http")], {
    default: "socket",
    description:
      "How Slack reaches the gateway: by a socket that the gateway opens, or by requests to /webhooks/slack/<account>.",
  }),
  apiUrl: Type.String({
    default: "https://slack.com/api/",
    description: "Where Slack's Web API is. Only https, except on this machine.",
  }),
});
export type SlackAccount = Static<typeof SlackAccount>;

export const slack = defineChannel({
  id: "slack",
  label: "Slack",
  followsLog: false,
  account: SlackAccount,
  // Slack takes 40,000, advises 4,000, and folds what is longer.
  text: { most: 4_000, unit: "utf16", measure: lazily(async () => (await import("#markup")).slackSize) },
  abilities: ["buttons", "delete", "edit", "find", "grow", "probe", "react", "take", "typing"],
  files: { mostBytes: 50 * 1024 * 1024 },
  typingMs: 110_000,
  pace: ({ chat }) => [{ of: chat, most: 1, perMs: 1_000 }],
  growEveryMs: 1_250,
  check: ({ mode, appToken, signingSecret }) => {
    if (mode === "http" && !signingSecret) return { field: "signingSecret", problem: "is needed in the mode http" };
    if (mode === "socket" && !appToken) return { field: "appToken", problem: "is needed in the mode socket" };
    return undefined;
  },
  doubts: ({ botToken, appToken }) => [
    ...(botToken.reveal().startsWith("xoxb-")
      ? []
      : [{ field: "botToken", problem: "is no bot token of Slack's, which begins with xoxb-" }]),
    ...(!appToken || appToken.reveal().startsWith("xapp-")
      ? []
      : [{ field: "appToken", problem: "is no app-level token of Slack's, which begins with xapp-" }]),
  ],
  // Slack deals what happens out among the sockets of one app.
  identity: ({ mode, appToken }) => (mode === "socket" ? appToken : undefined),
  open: async (options) => (await import("./slack/open.ts")).openSlack(options),
});
