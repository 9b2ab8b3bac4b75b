import type { AnyMethod } from "../../method.ts";
import { agent, finishAgent } from "./agent.ts";
import { channels } from "./channels.ts";
import { chat } from "./chat.ts";
import { commands } from "./commands.ts";
import { config } from "./config.ts";
import { devices } from "./devices.ts";
import { gateway } from "./gateway.ts";
import { models } from "./models.ts";
import { nodeHost } from "./node-host.ts";
import { nodes } from "./nodes.ts";
import { none } from "./none.ts";
import { pairing } from "./pairing.ts";
import { sessionLookup } from "./session-lookup.ts";
import { sessions } from "./sessions.ts";
import { system } from "./system.ts";

/** The methods of this dialect: those of the one table, in the shapes that its clients know. What is not here is not served. */
export const openClawMethods: readonly AnyMethod[] = [
  ...agent,
  ...channels,
  ...chat,
  ...commands,
  ...config,
  ...devices,
  ...gateway,
  ...models,
  ...nodeHost,
  ...nodes,
  ...none,
  ...pairing,
  ...sessionLookup,
  ...sessions,
  ...system,
];

/** What is answered a second time, under the same id. */
export const finishers: ReadonlyMap<string, typeof finishAgent> = new Map([["agent", finishAgent]]);
