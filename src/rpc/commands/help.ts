import { commandsList } from "../methods/commands.list.ts";
import type { Command } from "./command.ts";

export const help: Command = {
  name: "help",
  aliases: ["commands"],
  summary: "Shows the commands.",
  category: "status",
  method: commandsList,
  run: async ({ commands }) => commands.map(lineOf).join("\n"),
};

function lineOf({ name, aliases, argument, summary }: Command): string {
  const names = [name, ...aliases].map((one) => `/${one}`).join(", ");
  return `${names}${argument ? ` [${argument.name}]` : ""}: ${summary}`;
}
