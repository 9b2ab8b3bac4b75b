import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const nodesReject = defineCommand({
  path: ["nodes", "reject"],
  summary: "Reject what a node offers.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { request: { description: "The request's id, as `openclaw nodes pending` shows it." } },
  async run(context, { options, positionals: { request } }) {
    const { openClient } = await import("../client/open-client.ts");
    using client = await openClient(context, options);
    const answer = await client.call("node.pair.reject", { requestId: request }, { signal: context.signal });
    await context.stdout.write(options.json ? `${safeJson(answer)}\n` : `Rejected ${safeLine(request)}.\n`);
    return 0;
  },
});
