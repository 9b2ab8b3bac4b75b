import { clientOptions, defineCommand, jsonOption } from "../command.ts";

export const doctorChannels = defineCommand({
  path: ["doctor", "channels"],
  summary: "Say why an account of a channel does not work, and what to do about it.",
  options: { ...clientOptions, ...jsonOption },
  positionals: {},
  async run(context, { options }) {
    const { examineChannels } = await import("../reports/channel-doctor.ts");
    return examineChannels(context, options);
  },
});
