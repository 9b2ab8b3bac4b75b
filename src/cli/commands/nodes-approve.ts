import { clientOptions, defineCommand, jsonOption } from "../command.ts";
import { safeJson, safeLine } from "../safe-text.ts";

export const nodesApprove = defineCommand({
  path: ["nodes", "approve"],
  summary: "Approve what a node offers, so that it may be used.",
  options: { ...clientOptions, ...jsonOption },
  positionals: { request: { description: "The request's id, as `openclaw nodes pending` shows it." } },
  async run(context, { options, positionals: { request } }) {
    const { openClient } = await import("../client/open-client.ts");
    using client = await openClient(context, options);
    const answer = await client.call("node.pair.approve", { requestId: request }, { signal: context.signal });
    await context.stdout.write(options.json ? `${safeJson(answer)}\n` : `Approved ${safeLine(request)}.\n`);
    return 0;
  },
});
