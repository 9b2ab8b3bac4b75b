import { clip } from "#base";
import type { REST } from "@discordjs/rest";
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type RESTPutAPIApplicationCommandsJSONBody,
  Routes,
} from "discord-api-types/v10";
import type { MenuCommand } from "../channel.ts";
import { ask } from "./rest.ts";

const longestDescription = 100;
const mostCommands = 100;
const mostChoices = 25;

/** Makes these the application's slash commands, in servers and in private; none takes them away. */
export async function writeMenu(
  { rest, application }: { readonly rest: REST; readonly application: string },
  commands: readonly MenuCommand[],
  signal: AbortSignal,
): Promise<void> {
  const body = commands
    .filter(({ name }) => isName(name))
    .slice(0, mostCommands)
    .map(asDiscordHasIt);
  const asked = await ask(rest, ["put", Routes.applicationCommands(application)], { body, signal });
  if (!("answer" in asked)) throw new Error(asked.refusal.problem);
}

function asDiscordHasIt({ name, description, argument }: MenuCommand): RESTPutAPIApplicationCommandsJSONBody[number] {
  const choices = (argument?.choices ?? []).slice(0, mostChoices).map((value) => ({ name: value, value }));
  const option = argument && {
    type: ApplicationCommandOptionType.String as const,
    name: isName(argument.name) ? argument.name : "text",
    description: clip(argument.description, longestDescription),
    required: false,
    ...(choices.length > 0 && { choices }),
  };
  return {
    type: ApplicationCommandType.ChatInput,
    name,
    description: clip(description, longestDescription),
    options: option ? [option] : [],
  };
}

function isName(name: string): boolean {
  return /^[a-z0-9_-]{1,32}$/.test(name);
}
