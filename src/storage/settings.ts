import { SecretText } from "#config";
import { Type } from "@sinclair/typebox";

/** How long what has served its time is kept. */
const Retention = Type.Object(
  {
    receiptsDays: Type.Integer({
      minimum: 1,
      maximum: 3_650,
      default: 30,
      description: "How long a message that comes again is known to have come before.",
    }),
    deadLettersDays: Type.Integer({
      minimum: 1,
      maximum: 3_650,
      default: 30,
      description: "How long messages that could not be delivered wait for a person.",
    }),
    endedSessionsDays: Type.Integer({
      minimum: 0,
      maximum: 36_500,
      default: 365,
      description: "How long the log of a session is kept after a reset; 0 for ever. SQLite alone.",
    }),
    endedSessionsMegabytes: Type.Integer({
      minimum: 0,
      default: 1_024,
      description:
        "How much all logs of ended sessions may hold, the oldest go first; 0 without a bound. SQLite alone.",
    }),
    filesDays: Type.Integer({
      minimum: 0,
      maximum: 36_500,
      default: 90,
      description: "How long a file that came or went with a message is kept; 0 for ever. SQLite alone.",
    }),
    filesMegabytes: Type.Integer({
      minimum: 0,
      default: 1_024,
      description:
        "How much all such files may hold, the oldest go first; 0 without a bound. What still waits to be sent or heard stays. SQLite alone.",
    }),
    logsDays: Type.Integer({
      minimum: 0,
      maximum: 36_500,
      default: 30,
      description: "How long the older of the two log files is kept; 0 until it is replaced.",
    }),
    databaseMegabytes: Type.Integer({
      minimum: 0,
      default: 4_096,
      description: "From this size of the database on, health warns; 0 never.",
    }),
  },
  { default: {} },
);

/** The `[storage]` part of the configuration. */
export const storageSettings = Type.Object({
  url: SecretText({
    default: "sqlite",
    restart: true,
    description:
      'Where sessions are kept: "sqlite", a file in the home folder; "memory:", gone with the process; or postgres://user:password@host:5432/database.',
  }),
  retention: Retention,
});
