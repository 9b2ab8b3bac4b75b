import { clip } from "#base";
import type { MenuCommand } from "../channel.ts";
import type { Bot } from "./bot.ts";

const longestDescription = 256;
const mostCommands = 100;

/** Where it is shown: everywhere, and in private chats, for which somebody may have set another one. */
const scopes = [{ type: "default" }, { type: "all_private_chats" }] as const;

/** Shows these behind the bot's menu button, or takes the menu away. */
export async function writeMenu(bot: Bot, commands: readonly MenuCommand[], signal: AbortSignal): Promise<void> {
  const shown = commands
    .filter(({ name }) => /^[a-z0-9_]{1,32}$/.test(name))
    .slice(0, mostCommands)
    .map(({ name, description }) => ({ command: name, description: clip(description, longestDescription) }));
  for (const scope of scopes) {
    await bot.call(
      (api, within) =>
        shown.length === 0
          ? api.deleteMyCommands({ scope }, within)
          : api.setMyCommands({ commands: shown, scope }, within),
      signal,
    );
  }
}
