import { SecretText } from "#config";
import { type Channel, defineChannel } from "#channels";
import { Type } from "@sinclair/typebox";

export const ParrotAccount = Type.Object({
  botToken: SecretText({ description: "The token." }),
  signingSecret: Type.Optional(SecretText({ description: "What requests are signed with." })),
  mode: Type.Union([Type.Literal("socket"), Type.Literal("http")], { default: "socket", description: "How." }),
});

/** A channel with settings as real ones have them. `open` is a test's own. */
export function parrot(open: Channel<typeof ParrotAccount>["open"], id = "parrot"): Channel<typeof ParrotAccount> {
  return defineChannel({
    id,
    label: `The ${id}`,
    followsLog: false,
    account: ParrotAccount,
    text: { most: 4_000, unit: "utf16" },
    check: ({ mode, signingSecret }) =>
      mode === "http" && !signingSecret ? { field: "signingSecret", problem: "is needed in the mode http" } : undefined,
    open,
  });
}
