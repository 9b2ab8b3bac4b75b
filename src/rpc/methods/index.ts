import { channelsStatus } from "./channels.status.ts";
import { chatAbort } from "./chat.abort.ts";
import { chatHistory } from "./chat.history.ts";
import { chatSend } from "./chat.send.ts";
import { configGet } from "./config.get.ts";
import { configPatch } from "./config.patch.ts";
import { configSchema } from "./config.schema.ts";
import { connect } from "./connect.ts";
import { connectionsList } from "./connections.list.ts";
import { health } from "./health.ts";
import { messageSend } from "./message.send.ts";
import { modelsList } from "./models.list.ts";
import { ping } from "./ping.ts";
import { sessionsDelete } from "./sessions.delete.ts";
import { sessionsExport } from "./sessions.export.ts";
import { sessionsGet } from "./sessions.get.ts";
import { sessionsList } from "./sessions.list.ts";
import { sessionsPatch } from "./sessions.patch.ts";
import { sessionsReset } from "./sessions.reset.ts";
import { status } from "./status.ts";

/** Every method there is: dispatch, scopes, REST, reference and the typed client read this list. */
export const methods = [
  channelsStatus,
  chatAbort,
  chatHistory,
  chatSend,
  configGet,
  configPatch,
  configSchema,
  connect,
  connectionsList,
  health,
  messageSend,
  modelsList,
  ping,
  sessionsDelete,
  sessionsExport,
  sessionsGet,
  sessionsList,
  sessionsPatch,
  sessionsReset,
  status,
] as const;
