import { Type } from "@sinclair/typebox";

/** The `[sessions]` part of the configuration. */
export const sessionSettings = Type.Object({
  cacheMegabytes: Type.Integer({
    minimum: 0,
    maximum: 1_024,
    default: 8,
    restart: true,
    description:
      "Memory for sessions that nobody is using now; the others are read from the disk when they are needed.",
  }),
});
