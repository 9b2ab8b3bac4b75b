import { parseMarkdown, slackMessages, toSlack } from "#markup";

/** Slack's limit for one section of a message with buttons. */
const mostOfSection = 3_000;

/** Markdown as Slack writes it. Nothing in it can call a person or a channel. */
export function toMrkdwn(markdown: string): string {
  return toSlack(parseMarkdown(markdown));
}

export function toSections(
  markdown: string,
): { readonly type: "section"; readonly text: { readonly type: "mrkdwn"; readonly text: string } }[] {
  return slackMessages(parseMarkdown(markdown), { most: mostOfSection }).map((text) => ({
    type: "section",
    text: { type: "mrkdwn", text },
  }));
}
