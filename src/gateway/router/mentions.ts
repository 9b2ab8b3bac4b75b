import type { InboundSettings, Respondent } from "../settings.ts";

type Named = Pick<InboundSettings, "agents"> & {
  readonly messages: Pick<InboundSettings["messages"], "groupChat">;
};

/** Those of the agents that the text names. */
export function namedAmong(agentIds: readonly string[], text: string, settings: Named): readonly string[] {
  const said = spaced(text);
  return agentIds.filter((id) => patternsOf(id, settings).some((pattern) => holdsWord(said, spaced(wordsOf(pattern)))));
}

/** Patterns that would never name anybody, for the person who wrote them. */
export function checkMentions({ agents, messages }: Named): readonly string[] {
  const ofAgents = agents?.list.flatMap(({ groupChat }, at) => problemsAt(`agents.list[${at}]`, groupChat)) ?? [];
  return [...ofAgents, ...problemsAt("messages", messages.groupChat)];
}

/** Its own, or those for all; an agent of the list that has neither goes by its name. */
function patternsOf(id: string, { agents, messages }: Named): readonly string[] {
  const agent = agents?.list.find((one) => one.id === id);
  return agent?.groupChat?.mentionPatterns ?? messages.groupChat?.mentionPatterns ?? usualPatterns(agent);
}

function usualPatterns(agent: Respondent | undefined): readonly string[] {
  return agent ? [`@${agent.name ?? agent.id}`] : [];
}

/** The original's patterns are regular expressions; most of them are words between `\b`, and a word is bounded here anyway. */
function wordsOf(pattern: string): string {
  return pattern.replace(/^(?:\\b)+/, "").replace(/(?:\\b)+$/, "");
}

function problemsAt(
  where: string,
  { mentionPatterns = [] }: NonNullable<Respondent["groupChat"]> = {},
): readonly string[] {
  return mentionPatterns
    .filter((pattern) => /[\\^$*+?()[\]{}|]/.test(wordsOf(pattern)) || wordsOf(pattern).trim() === "")
    .map(
      (pattern) =>
        `${where}.group_chat.mention_patterns: “${pattern}” must be words like @molly, not a regular expression.`,
    );
}

/** Lower case, and any space one space. */
function spaced(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, " ").trim();
}

/** The words stand there, and not within a longer word. Looks at each place once. */
function holdsWord(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const isWhole = !isJoined(text, at) && !isJoined(text, at + words.length);
    if (isWhole) return true;
  }
  return false;
}

/** Letters or digits on both sides: no border of a word. */
function isJoined(text: string, at: number): boolean {
  return /[\p{L}\p{N}_]$/u.test(text.slice(Math.max(0, at - 2), at)) && /^[\p{L}\p{N}_]/u.test(text.slice(at, at + 2));
}
