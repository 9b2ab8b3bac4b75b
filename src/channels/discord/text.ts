import { fromDiscord, parseMarkdown, toDiscord, toMarkdown } from "#markup";
import type { APIMessage } from "discord-api-types/v10";

const mostText = 2_000;

type Written = Pick<APIMessage, "content" | "mentions">;

/** What somebody wrote, as markdown for a model: names for people, and nothing of the mention of us that it begins with. */
export function textOf({ content, mentions }: Written, us: string | undefined): string {
  const names = new Map(mentions.map(({ id, username, global_name: shown }) => [id, shown ?? username]));
  const rest = us === undefined ? content : content.replace(new RegExp(`^\\s*<@!?${us}>[\\s,:]*`), "");
  return toMarkdown(fromDiscord(rest, (of, id) => (of === "user" ? names.get(id) : undefined)));
}

/** Markdown as Discord shows it. A text that fits as it is, but not with its signs escaped, goes as it is: nobody is called by it anyway. */
export function contentOf(markdown: string): string {
  const written = toDiscord(parseMarkdown(markdown));
  return written.length > mostText ? markdown : written;
}
