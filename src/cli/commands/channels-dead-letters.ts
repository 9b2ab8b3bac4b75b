import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import type { Client } from "../client/client.ts";
import { CommandFailed, misuse } from "../failure.ts";

const actions = ["list", "replay", "drop"];

export const channelsDeadLetters = defineCommand({
  path: ["channels", "dead-letters"],
  summary: "Show what could not be delivered, or not be taken in; try one again, or take it away.",
  options: {
    ...clientOptions,
    ...jsonOption,
    limit: { type: "integer", placeholder: "n", least: 1, most: 500, default: 100, description: "At most so many." },
  },
  positionals: {
    action: { description: "list, replay or drop; list when left out.", optional: true },
    id: { description: "The message's, as the list shows it.", optional: true },
  },
  async run(context, { options, positionals: { action = "list", id } }) {
    if (!actions.includes(action)) throw misuse(`“${action}” is none of: ${actions.join(", ")}.`, "Say one of these.");
    if (action !== "list" && id === undefined) throw misuse(`Which message is to be ${past(action)}?`, "Add its id.");
    const [{ openClient }, { printDeadLetters, printSettled }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/dead-letters.ts"),
    ]);
    using client = await openClient(context, options);
    const { signal } = context;
    if (action === "list") {
      const { limit } = options;
      const outgoing = await client.call("outbox.list", { dead: true, limit }, { signal });
      const incoming = await client.call("inbound.list", { limit }, { signal });
      return await printDeadLetters(context, { outgoing, incoming }, options.json);
    }
    const answer = await settle(client, { action, id }, signal);
    return await printSettled(context, answer, { past: past(action), json: options.json });
  },
});

/** No id of a message that was to go out is one of those that came in. */
async function settle(
  client: Client,
  { action, id }: { readonly action: string; readonly id: string | undefined },
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await client.call(`outbox.${action}`, { id }, { signal });
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.type !== "deadLetterNotFound") throw error;
    return client.call(`inbound.${action}`, { id }, { signal });
  }
}

function past(action: string): string {
  return action === "drop" ? "dropped" : "replayed";
}
