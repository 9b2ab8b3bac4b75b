import { fromSlack, type Markup, type NameOf, toMarkdown } from "#markup";
import type { Directory } from "./directory.ts";
import type { Identity } from "./doorway.ts";
import { readRichText, usersIn } from "./rich-text.ts";
import type { Content } from "./wire.ts";

/** More names than this are not asked for; the others stay ids. */
const mostNames = 10;

/** What was written, as markdown, without the mention of us that it begins with. */
export async function readText(
  content: Content,
  { me, directory }: { readonly me: Identity; readonly directory: Directory },
): Promise<string> {
  const blocks = content.blocks ?? [];
  const names = await namesOf([...usersIn(blocks), ...mentionsIn(content.text ?? "")], me, directory);
  const written = readRichText(blocks, names) ?? fromSlack(content.text ?? "", names);
  return toMarkdown(withoutOurName(written, me)).trim();
}

/** By Slack's own mention, which is an id: a name is anybody's. */
export function isNaming(content: Content, me: Identity): boolean {
  return mentionsIn(content.text ?? "").includes(me.userId) || usersIn(content.blocks ?? []).includes(me.userId);
}

function mentionsIn(text: string): string[] {
  return [...text.matchAll(/<@([A-Z0-9]{1,30})(?:\|[^<>]*)?>/g)].flatMap(([, id]) => id ?? []);
}

async function namesOf(ids: readonly string[], me: Identity, directory: Directory): Promise<NameOf> {
  const users = [...new Set(ids)].filter((id) => id !== me.userId).slice(0, mostNames);
  const known = await Promise.all(users.map(async (id) => [id, await directory.person(id)] as const));
  const names = new Map(known.map(([id, person]) => [id, person?.name ?? person?.username]));
  names.set(me.userId, me.name);
  return (of, id) => (of === "user" ? names.get(id) : undefined);
}

function withoutOurName(markup: Markup, me: Identity): Markup {
  const start = markup.text.length - markup.text.trimStart().length;
  const mention = markup.spans.find(
    (span) => span.style === "mention" && span.id === me.userId && span.start === start,
  );
  if (!mention) return markup;
  const cut = mention.end + (/^[\s:,]*/.exec(markup.text.slice(mention.end))?.[0].length ?? 0);
  const spans = markup.spans
    .filter((span) => span.end > cut)
    .map((span) => ({ ...span, start: Math.max(0, span.start - cut), end: span.end - cut }));
  return { text: markup.text.slice(cut), spans };
}
