import { Type } from "@sinclair/typebox";
import { SecretText } from "#config";
import { defineChannel } from "./channel.ts";

export const slack = defineChannel({
  id: "slack",
  label: "Slack",
  followsLog: false,
  account: Type.Object({
    bot_token: SecretText({ description: "The bot's token, which begins with xoxb-." }),
    app_token: Type.Optional(
      SecretText({ description: "The app-level token for Socket Mode, which begins with xapp-." }),
    ),
    signing_secret: Type.Optional(SecretText({ description: "What Slack signs its requests with, in the mode http." })),
    mode: Type.Union([Type.Literal("socket"), Type.Literal("http")], {
      default: "socket",
      description:
        "How Slack reaches the gateway: by a socket that the gateway opens, or by requests to /webhooks/slack/<account>.",
    }),
    api_url: Type.String({
      default: "https://slack.com/api/",
      description: "Where Slack's Web API is. Only https, except on this machine.",
    }),
  }),
  // Slack takes 40,000, advises 4,000, and folds what is longer.
  text: { most: 4_000, unit: "utf16" },
  typingMs: 110_000,
  open: async (options) => (await import("./slack/open.ts")).openSlack(options),
});
