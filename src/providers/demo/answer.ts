import type { ConversationMessage } from "#protocol";
import type { ModelRequest } from "../provider.ts";
import { type Skill, skills } from "./skills.ts";
import { argsFor } from "./tool-args.ts";

export interface DemoAnswer {
  readonly text: string;
  readonly call?: { readonly name: string; readonly args: unknown };
}

const label = "Demo model: ";
const introduction = `This is the built-in demo model. It needs no network and no key, and it understands nothing: it follows a few fixed rules (say “help” to see them). To talk to a real model, put one into the settings file, which the gateway names when it starts, for example

[models.providers.openai]
api = "openai-completions"
api_key = "sk-…"
models = [{ id = "gpt-5" }]

and start the gateway again: then the demo model is gone.

`;

/** What the demo model says to a conversation. */
export function answerTo({ messages, tools }: ModelRequest): DemoAnswer {
  const results = trailingResults(messages);
  if (results.length > 0) return { text: label + results.map(report).join("\n") };

  const said = messages.filter((message) => message.role === "user").map((message) => message.text.trim());
  const isFirst = !messages.some((message) => message.role === "assistant");
  const opening = isFirst ? introduction + label : label;
  const now = said.at(-1) ?? "";
  for (const skill of skills) {
    const match = skill.pattern.exec(now);
    if (match) return prefixed(opening, use(skill, { match, earlier: said.slice(0, -1), tools }));
  }
  return { text: `${opening}you said “${now}”.` };
}

interface Situation {
  readonly match: RegExpExecArray;
  readonly earlier: readonly string[];
  readonly tools: ModelRequest["tools"];
}

function use(skill: Skill, { match, earlier, tools }: Situation): DemoAnswer {
  if (!("tool" in skill)) return { text: skill.answer(match, earlier) };
  const tool = tools.find(({ name }) => name === skill.tool);
  if (!tool) return { text: `I would use the tool “${skill.tool}” for that, but it is not on offer here.` };
  return { text: `I use the tool “${tool.name}”.`, call: { name: tool.name, args: argsFor(tool, skill.args(match)) } };
}

function prefixed(opening: string, { text, ...rest }: DemoAnswer): DemoAnswer {
  return { text: opening + text, ...rest };
}

type ToolMessage = Extract<ConversationMessage, { role: "tool" }>;

function trailingResults(messages: readonly ConversationMessage[]): ToolMessage[] {
  const from = messages.findLastIndex((message) => message.role !== "tool") + 1;
  return messages.slice(from).filter((message) => message.role === "tool");
}

function report({ name, text, failed }: ToolMessage): string {
  if (failed) return `the tool “${name}” failed: ${text}`;
  return text.trim() === "" ? `the tool “${name}” said nothing.` : `the tool “${name}” says:\n${text}`;
}
