import type { Row } from "../row.ts";
import { accountsIdle, channelLoad } from "./channels.ts";
import { connections } from "./connections.ts";
import { dialectRow } from "./dialects.ts";
import { idle } from "./idle.ts";
import { memory } from "./memory.ts";
import { ping } from "./ping.ts";
import { startup } from "./startup.ts";
import { stored } from "./stored.ts";
import { storages } from "./storages.ts";
import { turnsAt } from "./turns.ts";

export const rows: readonly Row[] = [
  startup,
  idle,
  ping,
  dialectRow,
  turnsAt(1),
  turnsAt(8),
  turnsAt(64),
  memory,
  connections,
  stored,
  storages,
  accountsIdle,
  channelLoad,
];
