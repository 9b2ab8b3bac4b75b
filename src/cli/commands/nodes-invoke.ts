import { clientOptions, defineCommand, jsonOption, timeoutOption } from "../command.ts";
import { parseObject } from "../parse-object.ts";
import { safeJson } from "../safe-text.ts";

/** The gateway answers first when the time is over, because it knows more. */
const graceMs = 5_000;

export const nodesInvoke = defineCommand({
  path: ["nodes", "invoke"],
  summary: "Ask a node to run one of its approved commands, and print what it answers as JSON.",
  options: {
    ...clientOptions,
    ...jsonOption,
    timeout: { ...timeoutOption.timeout, most: 600_000 },
    params: { type: "string", placeholder: "json", default: "{}", description: "What the command takes." },
  },
  positionals: {
    node: { description: "The node's id, the beginning of it, or its name." },
    command: { description: "The command, like system.which." },
  },
  examples: [`openclaw nodes invoke laptop system.which --params '{"bins":["git"]}'`],
  async run(context, { options, positionals }) {
    const params = parseObject(options.params, "params");
    const [{ openClient }, { findNode }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../client/find-node.ts"),
    ]);
    using client = await openClient(context, options);
    const { signal } = context;
    const nodeId = await findNode(context, client, positionals.node);
    const asked = { nodeId, command: positionals.command, params, timeoutMs: options.timeout };
    const answer = await client.call("node.invoke", asked, { timeoutMs: options.timeout + graceMs, signal });
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  },
});
