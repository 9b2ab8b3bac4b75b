import { SecretText } from "#config";
import { type Static, Type } from "@sinclair/typebox";

/** What an account of it needs, as the settings have it. */
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
