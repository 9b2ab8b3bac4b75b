import { chatAbort } from "../methods/chat.abort.ts";
import type { Command } from "./command.ts";

export const stop: Command = {
  name: "stop",
  aliases: ["abort"],
  summary: "Stops what the agent does here, and what it was going to do.",
  category: "session",
  method: chatAbort,
  run: async ({ sessionKey, context }) => {
    const { aborted } = await chatAbort.handle({ sessionKey }, context);
    return aborted ? "Stopped." : "There was nothing to stop.";
  },
};
