import type { AnyMethod } from "../../method.ts";
import { agent, finishAgent } from "./agent.ts";
import { chat } from "./chat.ts";
import { devices } from "./devices.ts";
import { gateway } from "./gateway.ts";
import { models } from "./models.ts";
import { sessions } from "./sessions.ts";

/** The methods of this dialect: those of the one table, in the shapes that its clients know. What is not here is not served. */
export const openClawMethods: readonly AnyMethod[] = [
  ...agent,
  ...chat,
  ...devices,
  ...gateway,
  ...models,
  ...sessions,
];

/** What is answered a second time, under the same id. */
export const finishers: ReadonlyMap<string, typeof finishAgent> = new Map([["agent", finishAgent]]);
