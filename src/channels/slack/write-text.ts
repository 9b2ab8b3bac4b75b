import { parseMarkdown, split, toSlackMrkdwn } from "#markup";

/** Slack's limit for one section of a message with buttons. */
const mostOfSection = 3_000;

/** Markdown as Slack writes it. Nothing in it can call a person or a channel. */
export function toMrkdwn(markdown: string): string {
  return toSlackMrkdwn(parseMarkdown(markdown));
}

export function toSections(
  markdown: string,
): { readonly type: "section"; readonly text: { readonly type: "mrkdwn"; readonly text: string } }[] {
  return split(parseMarkdown(markdown), { most: mostOfSection, measure: (markup) => toSlackMrkdwn(markup).length }).map(
    (piece) => ({ type: "section", text: { type: "mrkdwn", text: toSlackMrkdwn(piece) } }),
  );
}
