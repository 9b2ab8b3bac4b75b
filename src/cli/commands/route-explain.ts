import { clientOptions, defineCommand, jsonOption } from "../command.ts";

const text = (placeholder: string, description: string) => ({ type: "string", placeholder, description }) as const;

export const routeExplain = defineCommand({
  path: ["route", "explain"],
  summary: "Say where a message would go, by which binding, and why not by the others.",
  options: {
    ...clientOptions,
    ...jsonOption,
    kind: { type: "string", choices: ["direct", "group", "channel"], default: "direct", description: "Of the chat." },
    account: text("name", "The account that hears it."),
    sender: text("id", "Who says it; the peer when left out."),
    thread: text("id", "The thread of the chat."),
    parent: text("id", "The chat that the thread lies in."),
    guild: text("id", "Discord's guild, Slack's team."),
    role: text("id", "A role of the sender."),
    text: text("text", "What is said."),
  },
  positionals: {
    channel: { description: "The channel." },
    peer: { description: "The platform's id of the chat; behind `--` when it begins with a minus." },
  },
  async run(context, { options, positionals: { channel, peer } }) {
    const [{ openClient }, { printRoute }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/route.ts"),
    ]);
    using client = await openClient(context, options);
    const { kind, account, sender, thread, parent, guild, role } = options;
    const given = Object.entries({ kind, account, sender, thread, parent, guild, role, text: options.text });
    const params = { channel, peer, ...Object.fromEntries(given.filter(([_name, value]) => value !== undefined)) };
    const answer = await client.call("routes.explain", params, { signal: context.signal });
    return await printRoute(context, answer, options.json);
  },
});
