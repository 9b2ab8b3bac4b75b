import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { misuse } from "../failure.ts";

export const sessionsAt = defineCommand({
  path: ["sessions", "at"],
  summary: "Show a conversation as it was after one event, and word by word what its model had been asked.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {
    key: { description: "The session's key, as `openclaw sessions list` shows it." },
    seq: { description: "The number of the event in the session's log." },
  },
  examples: ["openclaw sessions at main 12"],
  async run(context, { options, positionals }) {
    const seq = Number(positionals.seq);
    if (!Number.isSafeInteger(seq) || seq < 1) throw misuse("An event has a number from 1 on.", "Like 12.");
    const [{ openClient }, { printMoment }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../reports/replay.ts"),
    ]);
    using client = await openClient(context, options);
    const params = { sessionKey: positionals.key, seq };
    const answer = await client.call("sessions.at", params, { signal: context.signal });
    return await printMoment(context, answer, options.json);
  },
});
