import { Check } from "@sinclair/typebox/value";
import { fault } from "#protocol";
import { Activation, channelsActivation } from "../methods/channels.activation.ts";
import type { Command } from "./command.ts";

/** The word for what is configured. */
const usual = "default";
const choices = [...Activation.anyOf.map((one) => one.const), usual];

export const activation: Command = {
  name: "activation",
  aliases: [],
  summary: "Shows or sets what is answered in this group: only what names the agent or answers it, or everything.",
  category: "options",
  argument: { name: "when", summary: "What is answered.", choices },
  method: channelsActivation,
  run: async ({ group, argument, context }) => {
    if (!group) return "This is no group: everything is answered here.";
    const { at, configured } = group;
    const word = argument.toLowerCase();
    const said = word === usual ? null : word;
    if (said !== "" && said !== null && !Check(Activation, said)) {
      throw fault.invalidParams({ path: "message", problem: `behind /activation stands one of ${choices.join(", ")}` });
    }
    const kept = await channelsActivation.handle({ ...at, ...(said !== "" && { activation: said }) }, context);
    return `Activation: ${kept.activation ?? `${configured} (configured)`}`;
  },
};
