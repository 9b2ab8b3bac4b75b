import { defineProvider } from "./provider.ts";

export const anthropicMessages = defineProvider({
  api: "anthropic-messages",
  label: "Anthropic messages, and every server that speaks them",
  open: async (settings, surroundings) => {
    const { openMessages } = await import("./anthropic-messages/open.ts");
    return openMessages(settings, surroundings);
  },
});
