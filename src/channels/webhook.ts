import { Type } from "@sinclair/typebox";
import { SecretText } from "#config";
import { defineChannel } from "./channel.ts";

/** Any program that can sign what it sends: messages in by POST, answers out by POST. */
export const webhook = defineChannel({
  id: "webhook",
  label: "Webhook",
  followsLog: false,
  account: Type.Object({
    secret: SecretText({
      description: 'What both sides sign with. For "standard-webhooks" it is base64 behind whsec_.',
    }),
    signature: Type.Union([Type.Literal("hmac-sha256"), Type.Literal("standard-webhooks")], {
      default: "hmac-sha256",
      description:
        "hmac-sha256: X-OpenClaw-Timestamp and X-OpenClaw-Signature: sha256=<hex of the HMAC of timestamp.body>. standard-webhooks: as standardwebhooks.com has it.",
    }),
    url: Type.Optional(Type.String({ description: "Where answers are posted. Without it there are none." })),
  }),
  text: { most: 262_144, unit: "bytes" },
  abilities: ["take"],
  files: { mostBytes: 10 * 1024 * 1024 },
  open: async (options) => (await import("./webhook/open.ts")).openWebhook(options),
});
