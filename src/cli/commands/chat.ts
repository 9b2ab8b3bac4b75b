import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { misuse } from "../failure.ts";

const mostPipedBytes = 1_048_576;

export const chat = defineCommand({
  path: ["chat"],
  summary: "Talk with the agent: a conversation, or one message with -m or from a pipe.",
  options: {
    ...clientOptions,
    ...jsonOption,
    message: {
      type: "string",
      short: "m",
      placeholder: "text",
      description: "Say this and leave; - reads it from stdin.",
    },
    session: {
      type: "string",
      short: "s",
      placeholder: "key",
      default: "main",
      description: "The conversation to be in.",
    },
  },
  positionals: {},
  examples: ["openclaw chat", 'openclaw chat -m "What is on today?"', "git diff | openclaw chat --session review"],
  async run(context, { options }) {
    const { message, session: sessionKey, json } = options;
    const isConversation = message === undefined && context.stdin.isTty;
    if (isConversation && json) {
      throw misuse("A conversation is not one JSON document.", "Give one message with -m, or through a pipe.");
    }
    if (isConversation) {
      const [{ runRepl }, { openClient }] = await Promise.all([
        import("../chat/repl.ts"),
        import("../client/open-client.ts"),
      ]);
      return runRepl(context, { sessionKey, open: () => openClient(context, options) });
    }
    const { runOneTurn } = await import("../chat/one-turn.ts");
    const isPiped = message === undefined || message === "-";
    const text = isPiped ? (await context.stdin.readAll(mostPipedBytes)).trimEnd() : message;
    return runOneTurn(context, { target: options, sessionKey, message: text, json });
  },
});
