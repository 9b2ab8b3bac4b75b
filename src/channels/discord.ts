import { lazily } from "#base";
import { SecretText } from "#config";
import { Type } from "@sinclair/typebox";
import { defineChannel } from "./channel.ts";

/** Discord through its gateway socket and its REST API. One shard: as many as 2,500 servers. */
export const discord = defineChannel({
  id: "discord",
  label: "Discord",
  followsLog: false,
  text: { most: 2_000, unit: "utf16", measure: lazily(async () => (await import("#markup")).discordSize) },
  abilities: ["buttons", "delete", "edit", "grow", "menu", "probe", "react", "typing"],
  keepsUpdates: true,
  files: { mostBytes: 10 * 1024 * 1024 },
  typingMs: 10_000,
  // The library keeps to the exact limits, which Discord tells, and refuses what is too much; these keep it from having to.
  pace: ({ chat, thread = chat }) => [
    { of: "all", most: 50, perMs: 1_000 },
    { of: thread, most: 5, perMs: 5_000 },
  ],
  growEveryMs: 1_250,
  account: Type.Object({
    token: SecretText({ description: "The bot's token, from the Bot page of the Discord developer portal." }),
    apiBase: Type.String({
      default: "https://discord.com/api",
      description: "Where Discord's API is, without its version.",
    }),
  }),
  doubts: ({ token }) =>
    /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token.reveal().trim())
      ? []
      : [{ field: "token", problem: "is none of a bot of Discord's, which has three parts with dots between them" }],
  identity: ({ token }) => token,
  open: async (options) => {
    const { openDiscord } = await import("./discord/open.ts");
    return openDiscord(options);
  },
});
