import { agent } from "./agent.ts";
import { agentWait } from "./agent.wait.ts";
import { agentsList } from "./agents.list.ts";
import { channelsActivation } from "./channels.activation.ts";
import { channelsLogout } from "./channels.logout.ts";
import { channelsRestart } from "./channels.restart.ts";
import { channelsStart } from "./channels.start.ts";
import { channelsStatus } from "./channels.status.ts";
import { channelsStop } from "./channels.stop.ts";
import { chatAbort } from "./chat.abort.ts";
import { chatHistory } from "./chat.history.ts";
import { chatSend } from "./chat.send.ts";
import { chatStartup } from "./chat.startup.ts";
import { commandsList } from "./commands.list.ts";
import { configGet } from "./config.get.ts";
import { configPatch } from "./config.patch.ts";
import { configReload } from "./config.reload.ts";
import { configSchema } from "./config.schema.ts";
import { connect } from "./connect.ts";
import { connectionsList } from "./connections.list.ts";
import { devicePairApprove } from "./device.pair.approve.ts";
import { devicePairList } from "./device.pair.list.ts";
import { devicePairReject } from "./device.pair.reject.ts";
import { devicePairRemove } from "./device.pair.remove.ts";
import { devicePairRename } from "./device.pair.rename.ts";
import { devicePairSetupCode } from "./device.pair.setupCode.ts";
import { devicePairSetupStatus } from "./device.pair.setupStatus.ts";
import { deviceTokenRevoke } from "./device.token.revoke.ts";
import { deviceTokenRotate } from "./device.token.rotate.ts";
import { health } from "./health.ts";
import { inboundDrop } from "./inbound.drop.ts";
import { inboundList } from "./inbound.list.ts";
import { inboundReplay } from "./inbound.replay.ts";
import { logsTail } from "./logs.tail.ts";
import { messageSend } from "./message.send.ts";
import { messagesTrace } from "./messages.trace.ts";
import { modelsList } from "./models.list.ts";
import { nodeDescribe } from "./node.describe.ts";
import { nodeInvoke } from "./node.invoke.ts";
import { nodeList } from "./node.list.ts";
import { nodePairApprove } from "./node.pair.approve.ts";
import { nodePairList } from "./node.pair.list.ts";
import { nodePairReject } from "./node.pair.reject.ts";
import { nodePairRemove } from "./node.pair.remove.ts";
import { nodeRename } from "./node.rename.ts";
import { outboxDrop } from "./outbox.drop.ts";
import { outboxList } from "./outbox.list.ts";
import { outboxReplay } from "./outbox.replay.ts";
import { pairingAllow } from "./pairing.allow.ts";
import { pairingApprove } from "./pairing.approve.ts";
import { pairingList } from "./pairing.list.ts";
import { pairingReject } from "./pairing.reject.ts";
import { pairingRemove } from "./pairing.remove.ts";
import { ping } from "./ping.ts";
import { routesExplain } from "./routes.explain.ts";
import { sessionsAt } from "./sessions.at.ts";
import { sessionsCreate } from "./sessions.create.ts";
import { sessionsDelete } from "./sessions.delete.ts";
import { sessionsDescribe } from "./sessions.describe.ts";
import { sessionsEvents } from "./sessions.events.ts";
import { sessionsExport } from "./sessions.export.ts";
import { sessionsGet } from "./sessions.get.ts";
import { sessionsImport } from "./sessions.import.ts";
import { sessionsList } from "./sessions.list.ts";
import { sessionsMessagesSubscribe } from "./sessions.messages.subscribe.ts";
import { sessionsMessagesUnsubscribe } from "./sessions.messages.unsubscribe.ts";
import { sessionsPatch } from "./sessions.patch.ts";
import { sessionsReplay } from "./sessions.replay.ts";
import { sessionsReset } from "./sessions.reset.ts";
import { sessionsSubscribe } from "./sessions.subscribe.ts";
import { sessionsTranscript } from "./sessions.transcript.ts";
import { sessionsUnsubscribe } from "./sessions.unsubscribe.ts";
import { status } from "./status.ts";
import { systemPresence } from "./system-presence.ts";
import { systemInfo } from "./system.info.ts";
import { toolsCatalog } from "./tools.catalog.ts";

/** Every method there is: dispatch, scopes, REST, reference and the typed client read this list. */
export const methods = [
  agent,
  agentWait,
  agentsList,
  channelsActivation,
  channelsLogout,
  channelsRestart,
  channelsStart,
  channelsStatus,
  channelsStop,
  chatAbort,
  chatHistory,
  chatSend,
  chatStartup,
  commandsList,
  configGet,
  configPatch,
  configReload,
  configSchema,
  connect,
  connectionsList,
  devicePairApprove,
  devicePairList,
  devicePairReject,
  devicePairRemove,
  devicePairRename,
  devicePairSetupCode,
  devicePairSetupStatus,
  deviceTokenRevoke,
  deviceTokenRotate,
  health,
  inboundDrop,
  inboundList,
  inboundReplay,
  logsTail,
  messageSend,
  messagesTrace,
  modelsList,
  nodeDescribe,
  nodeInvoke,
  nodeList,
  nodePairApprove,
  nodePairList,
  nodePairReject,
  nodePairRemove,
  nodeRename,
  outboxDrop,
  outboxList,
  outboxReplay,
  pairingAllow,
  pairingApprove,
  pairingList,
  pairingReject,
  pairingRemove,
  ping,
  routesExplain,
  sessionsAt,
  sessionsCreate,
  sessionsDelete,
  sessionsDescribe,
  sessionsEvents,
  sessionsExport,
  sessionsGet,
  sessionsImport,
  sessionsList,
  sessionsMessagesSubscribe,
  sessionsMessagesUnsubscribe,
  sessionsPatch,
  sessionsReplay,
  sessionsReset,
  sessionsSubscribe,
  sessionsTranscript,
  sessionsUnsubscribe,
  status,
  systemPresence,
  systemInfo,
  toolsCatalog,
] as const;
