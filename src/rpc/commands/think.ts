import { Check } from "@sinclair/typebox/value";
import { fault } from "#protocol";
import { sessionsCreate } from "../methods/sessions.create.ts";
import { Thinking } from "../session-row.ts";
import type { Command } from "./command.ts";

const levels = Thinking.anyOf.map((level) => level.const);

export const think: Command = {
  name: "think",
  aliases: ["thinking"],
  summary: "Shows or sets how much the model thinks before it answers here.",
  category: "options",
  argument: { name: "level", summary: "How much.", choices: levels },
  method: sessionsCreate,
  run: async ({ sessionKey, argument, context }) => {
    const level = argument.toLowerCase();
    if (level === "") {
      const { thinking } = (await context.services.sessions.state(sessionKey))?.summary.settings ?? {};
      return `Thinking: ${thinking ?? "as configured"}`;
    }
    if (!Check(Thinking, level)) {
      throw fault.invalidParams({ path: "message", problem: `behind /think stands one of ${levels.join(", ")}` });
    }
    const { session } = await sessionsCreate.handle({ sessionKey, thinking: level }, context);
    return `Thinking: ${session.thinking ?? "as configured"}`;
  },
};
