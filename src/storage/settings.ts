import { SecretText } from "#config";
import { Type } from "@sinclair/typebox";

/** The `[storage]` part of the configuration. */
export const storageSettings = Type.Object({
  url: SecretText({
    default: "sqlite",
    restart: true,
    description:
      'Where sessions are kept: "sqlite", a file in the home folder; "memory:", gone with the process; or postgres://user:password@host:5432/database.',
  }),
});
