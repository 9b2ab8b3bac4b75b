import type { APIMessage } from "discord-api-types/v10";

type Written = Pick<APIMessage, "content" | "mentions">;

/** What somebody wrote, as markdown for a model: names for people, and nothing of the mention of us that it begins with. */
export function textOf(message: Written, us: string): string {
  const names = new Map(message.mentions.map(({ id, username, global_name: shown }) => [id, shown ?? username]));
  return message.content
    .replace(new RegExp(`^\\s*<@!?${us}>[\\s,:]*`), "")
    .replaceAll(/<@!?(\d+)>/g, (all, id: string) => (names.has(id) ? `@${names.get(id)}` : all))
    .replaceAll(/<a?(:\w+:)\d+>/g, "$1");
}
