import { Type } from "@sinclair/typebox";

/** The `[runtime]` part of the configuration. */
export const runtimeSettings = Type.Object({
  workerConcurrency: Type.Integer({
    minimum: 1,
    maximum: 1_024,
    default: 8,
    restart: true,
    description: "Turns that run at once.",
  }),
  maxQueue: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 256,
    restart: true,
    description: "Turns that may wait for a place; a message beyond is refused, and its sender told.",
  }),
  sessionQueue: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 20,
    restart: true,
    description: "Turns of one session, the running one included.",
  }),
  drainSeconds: Type.Integer({
    minimum: 0,
    maximum: 600,
    default: 5,
    restart: true,
    description: "How long a stopping gateway waits for running turns; what is cut off goes on at the next start.",
  }),
});
