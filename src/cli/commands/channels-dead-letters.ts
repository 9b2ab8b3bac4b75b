import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { misuse } from "../failure.ts";

const actions = ["list", "replay", "drop"];

export const channelsDeadLetters = defineCommand({
  path: ["channels", "dead-letters"],
  summary: "Show the messages that could not be delivered; send one again, or take it away.",
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
      const answer = await client.call("outbox.list", { dead: true, limit: options.limit }, { signal });
      return await printDeadLetters(context, answer, options.json);
    }
    const answer = await client.call(`outbox.${action}`, { id }, { signal });
    return await printSettled(context, answer, { past: past(action), json: options.json });
  },
});

function past(action: string): string {
  return action === "drop" ? "dropped" : "replayed";
}
