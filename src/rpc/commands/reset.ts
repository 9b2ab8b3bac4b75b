import { sessionsReset } from "../methods/sessions.reset.ts";
import type { Command } from "./command.ts";

export const reset: Command = {
  name: "reset",
  aliases: ["new"],
  summary: "Forgets the conversation and begins a new one with the same settings.",
  category: "session",
  method: sessionsReset,
  run: async ({ sessionKey, context }) => {
    await sessionsReset.handle({ sessionKey }, context);
    return "This is a new conversation.";
  },
};
