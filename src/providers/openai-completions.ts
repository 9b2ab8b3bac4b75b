import { defineProvider } from "./provider.ts";

export const openaiCompletions = defineProvider({
  api: "openai-completions",
  label: "OpenAI chat completions, and every server that speaks them",
  open: async (settings, surroundings) => {
    const { openCompletions } = await import("./openai-completions/open.ts");
    return openCompletions(settings, surroundings);
  },
});
