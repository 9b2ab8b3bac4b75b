import { Type } from "@sinclair/typebox";

/** The `[storage]` part of the configuration. */
export const storageSettings = Type.Object({
  url: Type.String({
    minLength: 1,
    default: "sqlite",
    restart: true,
    description: "Where sessions are kept: sqlite, a file in the home folder.",
  }),
});
