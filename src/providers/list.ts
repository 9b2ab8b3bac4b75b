import { anthropicMessages } from "./anthropic-messages.ts";
import { demo } from "./demo.ts";
import { openaiCompletions } from "./openai-completions.ts";

/** Every API there is, in alphabetical order. */
export const providers = [anthropicMessages, demo, openaiCompletions] as const;
