import {
  type APIApplicationCommandInteractionDataOption,
  type APIInteraction,
  type APIMessageComponentInteraction,
  type APIChatInputApplicationCommandInteraction,
  ComponentType,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  InteractionContextType,
  InteractionType,
} from "discord-api-types/v10";
import type { ReplyTicket, Update } from "../update.ts";
import { type Reader, senderOf } from "./read-message.ts";
import { madeAt } from "./snowflake.ts";

type Taken = APIChatInputApplicationCommandInteraction | APIMessageComponentInteraction;

/** The interactions that mean something here: a slash command, a pressed button, what was chosen in a menu. */
export function isTaken(interaction: APIInteraction): interaction is Taken {
  if (interaction.type === InteractionType.MessageComponent) return true;
  return (
    interaction.type === InteractionType.ApplicationCommand &&
    interaction.data.type === ApplicationCommandType.ChatInput
  );
}

export async function readInteraction(
  interaction: Taken,
  reader: Reader,
  reply: ReplyTicket,
): Promise<Update | undefined> {
  const user = interaction.member?.user ?? interaction.user;
  const chat = interaction.channel?.id;
  if (!user || !chat) return undefined;
  const { from, place } = await reader.places.whereabouts(chat, interaction.guild_id, interaction.member?.roles);
  // A private chat of people among themselves, where the bot is a guest for this one call.
  const isGuest = interaction.context === InteractionContextType.PrivateChannel;
  const about = {
    id: interaction.id,
    at: madeAt(interaction.id),
    from,
    place: isGuest ? { ...place, kind: "group" as const } : place,
    sender: senderOf(user),
    reply,
  };
  if (interaction.type === InteractionType.MessageComponent) {
    const data = dataOf(interaction.data);
    return data === "" ? undefined : { ...about, type: "button", messageId: interaction.message.id, data };
  }
  const { name, options = [] } = interaction.data;
  return { ...about, type: "command", name, args: argsOf(options) };
}

/** What a button stands for; what was chosen in a menu, where nothing may be chosen, too. */
function dataOf(data: APIMessageComponentInteraction["data"]): string {
  return data.component_type === ComponentType.Button ? data.custom_id : data.values.join(", ");
}

/** As it would be typed: a single value by itself, several with their names, what lies below a subcommand behind its name. */
function argsOf(
  options: readonly APIApplicationCommandInteractionDataOption<InteractionType.ApplicationCommand>[],
): string {
  const [only, ...more] = options;
  if (!only) return "";
  if (
    only.type === ApplicationCommandOptionType.Subcommand ||
    only.type === ApplicationCommandOptionType.SubcommandGroup
  ) {
    return `${only.name} ${argsOf(only.options ?? [])}`.trim();
  }
  if (more.length === 0) return String(only.value);
  return options.map((option) => ("value" in option ? `${option.name}:${option.value}` : option.name)).join(" ");
}
