import { clientOptions, defineCommand, jsonOption, timeoutOption } from "../command.ts";

export const sessionsReplay = defineCommand({
  path: ["sessions", "replay"],
  summary: "Fold a conversation's log anew and say whether what is remembered of it is the same.",
  options: {
    ...clientOptions,
    ...jsonOption,
    ...timeoutOption,
    repair: { type: "boolean", description: "Put what the log says in the place of what differs." },
  },
  positionals: { key: { description: "The session's key, as `openclaw sessions list` shows it." } },
  async run(context, { options, positionals }) {
    const [{ openClient }, { printReplay }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/replay.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { sessionKey: positionals.key, repair: options.repair };
    const limits = { signal: context.signal, timeoutMs: options.timeout };
    return await printReplay(context, await client.call("sessions.replay", params, limits), options.json);
  },
});
