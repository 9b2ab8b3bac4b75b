import { type Static, Type } from "@sinclair/typebox";

/** The `[sandbox]` part of the configuration. */
export const sandboxSettings = Type.Object({
  mode: Type.Union([Type.Literal("always"), Type.Literal("never")], {
    default: "always",
    restart: true,
    description:
      "always runs the agent's commands apart from this machine, or not at all; never runs them on this machine, with all that the gateway's user may do.",
  }),
  network: Type.Boolean({
    default: false,
    restart: true,
    description: "Lets commands in the sandbox use the network of this machine, its local services too.",
  }),
});
export type SandboxSettings = Static<typeof sandboxSettings>;
