import { clientOptions, defineCommand, jsonOption } from "./command.ts";

/** `devices <word>`: what is done with the token that a device has in one of its roles. */
export function tokenCommand(word: "revoke" | "rotate", texts: { readonly summary: string; readonly said: string }) {
  return defineCommand({
    path: ["devices", word],
    summary: texts.summary,
    options: { ...clientOptions, ...jsonOption },
    positionals: {
      device: { description: "Its id, the beginning of it, or its name." },
      role: { description: "operator (the default) or node.", optional: true },
    },
    async run(context, { options, positionals }) {
      const [{ openClient }, devices] = await Promise.all([
        import("./client/open-client.ts"),
        import("./reports/devices.ts"),
      ]);
      using client = await openClient(context, options);
      const deviceId = await devices.findDevice(client, positionals.device, context.signal);
      const params = { deviceId, role: positionals.role ?? "operator" };
      const answer = await client.call(`device.token.${word}`, params, { signal: context.signal });
      return await devices.printDone(context, answer, { said: texts.said, json: options.json });
    },
  });
}
