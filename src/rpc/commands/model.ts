import { sessionsCreate } from "../methods/sessions.create.ts";
import { configuredModel } from "../session-key.ts";
import type { Command } from "./command.ts";

/** The word for what is configured. */
const usual = "default";

export const model: Command = {
  name: "model",
  aliases: [],
  summary: "Shows which model answers here, or lets another one answer.",
  category: "options",
  argument: { name: "model", summary: `provider/model, or “${usual}” for the configured one` },
  method: sessionsCreate,
  run: async ({ sessionKey, argument, context }) => {
    const { services } = context;
    const configured = configuredModel(sessionKey, services) ?? "none";
    if (argument === "") {
      const chosen = (await services.sessions.state(sessionKey))?.summary.settings.model;
      const known = services.models().map(({ id }) => id);
      return `Model: ${chosen ?? `${configured} (configured)`}\nThere are: ${known.join(", ")}`;
    }
    const { session } = await sessionsCreate.handle(
      { sessionKey, model: argument.toLowerCase() === usual ? null : argument },
      context,
    );
    return `Model: ${session.model ?? `${configured} (configured)`}`;
  },
};
