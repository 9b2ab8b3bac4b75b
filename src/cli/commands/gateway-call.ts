import { clientOptions, defineCommand, jsonOption, timeoutOption } from "../command.ts";
import { parseObject } from "../parse-object.ts";

const mostParamsBytes = 16 * 1_048_576;

export const gatewayCall = defineCommand({
  path: ["gateway", "call"],
  summary: "Call any method of the running gateway and print its result as JSON.",
  options: {
    ...clientOptions,
    ...jsonOption,
    ...timeoutOption,
    params: { type: "string", placeholder: "json", default: "{}", description: "Parameters; - reads them from stdin." },
  },
  positionals: { method: { description: "The method, like sessions.list." } },
  examples: ["openclaw gateway call health", `openclaw gateway call chat.history --params '{"sessionKey":"main"}'`],
  async run(context, { options, positionals }) {
    const text = options.params === "-" ? await context.stdin.readAll(mostParamsBytes) : options.params;
    const params = parseObject(text, "params");
    const [{ openClient }, { safeJson }] = await Promise.all([
      import("../client/open-client.ts"),
      import("../safe-text.ts"),
    ]);
    using client = await openClient(context, options);
    const { signal } = context;
    const result = await client.call(positionals.method, params, { timeoutMs: options.timeout, signal });
    await context.stdout.write(`${safeJson(result)}\n`);
    return 0;
  },
});
