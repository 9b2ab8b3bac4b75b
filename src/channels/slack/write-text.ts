import { parseMarkdown, slackMessages, toSlack } from "#markup";

/** Slack's limit for one section of a message with buttons. */
const mostOfSection = 3_000;

/** Slack's limit for a message. */
const mostOfMessage = 40_000;

/** Markdown as Slack writes it. Nothing in it can call a person or a channel. One that grows too long by its signs goes as it is. */
export function toMrkdwn(markdown: string): string {
  const written = toSlack(parseMarkdown(markdown));
  return written.length > mostOfMessage ? unmarked(markdown) : written;
}

/** Its three signs are all that can mean something in a text of Slack's but a look. */
function unmarked(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function toSections(
  markdown: string,
): { readonly type: "section"; readonly text: { readonly type: "mrkdwn"; readonly text: string } }[] {
  return slackMessages(parseMarkdown(markdown), { most: mostOfSection }).map((text) => ({
    type: "section",
    text: { type: "mrkdwn", text },
  }));
}
