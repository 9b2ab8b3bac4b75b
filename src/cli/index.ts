/** One command per file. */
import type { AnyCommand } from "./command.ts";
import { agentsList } from "./commands/agents-list.ts";
import { backupCreate } from "./commands/backup-create.ts";
import { backupRestore } from "./commands/backup-restore.ts";
import { backupVerify } from "./commands/backup-verify.ts";
import { channelsAdd } from "./commands/channels-add.ts";
import { channelsCapabilities } from "./commands/channels-capabilities.ts";
import { channelsDeadLetters } from "./commands/channels-dead-letters.ts";
import { channelsList } from "./commands/channels-list.ts";
import { channelsLogin } from "./commands/channels-login.ts";
import { channelsLogout } from "./commands/channels-logout.ts";
import { channelsLogs } from "./commands/channels-logs.ts";
import { channelsRemove } from "./commands/channels-remove.ts";
import { channelsRestart } from "./commands/channels-restart.ts";
import { channelsStart } from "./commands/channels-start.ts";
import { channelsStatus } from "./commands/channels-status.ts";
import { channelsStop } from "./commands/channels-stop.ts";
import { chat } from "./commands/chat.ts";
import { configExplain } from "./commands/config-explain.ts";
import { configGet } from "./commands/config-get.ts";
import { configPatch } from "./commands/config-patch.ts";
import { configPath } from "./commands/config-path.ts";
import { configReload } from "./commands/config-reload.ts";
import { configSchema } from "./commands/config-schema.ts";
import { configSet } from "./commands/config-set.ts";
import { configUnset } from "./commands/config-unset.ts";
import { configValidate } from "./commands/config-validate.ts";
import { devicesApprove } from "./commands/devices-approve.ts";
import { devicesList } from "./commands/devices-list.ts";
import { devicesReject } from "./commands/devices-reject.ts";
import { devicesRemove } from "./commands/devices-remove.ts";
import { devicesRename } from "./commands/devices-rename.ts";
import { devicesRevoke } from "./commands/devices-revoke.ts";
import { devicesRotate } from "./commands/devices-rotate.ts";
import { devicesSetupCode } from "./commands/devices-setup-code.ts";
import { doctorChannels } from "./commands/doctor-channels.ts";
import { doctorStorage } from "./commands/doctor-storage.ts";
import { gatewayCall } from "./commands/gateway-call.ts";
import { gatewayPassword } from "./commands/gateway-password.ts";
import { gatewayRun } from "./commands/gateway-run.ts";
import { health } from "./commands/health.ts";
import { nodesApprove } from "./commands/nodes-approve.ts";
import { nodesDescribe } from "./commands/nodes-describe.ts";
import { nodesInvoke } from "./commands/nodes-invoke.ts";
import { nodesList } from "./commands/nodes-list.ts";
import { nodesPending } from "./commands/nodes-pending.ts";
import { nodesReject } from "./commands/nodes-reject.ts";
import { nodesRemove } from "./commands/nodes-remove.ts";
import { nodesRename } from "./commands/nodes-rename.ts";
import { pairingAllow } from "./commands/pairing-allow.ts";
import { pairingApprove } from "./commands/pairing-approve.ts";
import { pairingList } from "./commands/pairing-list.ts";
import { pairingReject } from "./commands/pairing-reject.ts";
import { pairingRemove } from "./commands/pairing-remove.ts";
import { routeExplain } from "./commands/route-explain.ts";
import { sessionsAt } from "./commands/sessions-at.ts";
import { sessionsDelete } from "./commands/sessions-delete.ts";
import { sessionsExport } from "./commands/sessions-export.ts";
import { sessionsImport } from "./commands/sessions-import.ts";
import { sessionsList } from "./commands/sessions-list.ts";
import { sessionsReplay } from "./commands/sessions-replay.ts";
import { sessionsShow } from "./commands/sessions-show.ts";
import { status } from "./commands/status.ts";
import { storageInfo } from "./commands/storage-info.ts";
import { storageMigrate } from "./commands/storage-migrate.ts";
import { trace } from "./commands/trace.ts";
import { version } from "./commands/version.ts";
import type { CliContext } from "./context.ts";
import { runCommandLine } from "./run.ts";

export type {
  BackupCommands,
  ChannelCommands,
  CliContext,
  ClientSettings,
  ConfigOptions,
  EditorOptions,
  Input,
  LineEditor,
  Output,
  StorageCommands,
  Terminal,
  VersionInfo,
} from "./context.ts";
export { Interrupted } from "./context.ts";
export { openTerminal } from "./terminal.ts";

/** Every command, in alphabetical order. */
export const commands: readonly AnyCommand[] = [
  agentsList,
  backupCreate,
  backupRestore,
  backupVerify,
  channelsAdd,
  channelsCapabilities,
  channelsDeadLetters,
  channelsList,
  channelsLogin,
  channelsLogout,
  channelsLogs,
  channelsRemove,
  channelsRestart,
  channelsStart,
  channelsStatus,
  channelsStop,
  chat,
  configExplain,
  configGet,
  configPatch,
  configPath,
  configReload,
  configSchema,
  configSet,
  configUnset,
  configValidate,
  devicesApprove,
  devicesList,
  devicesReject,
  devicesRemove,
  devicesRename,
  devicesRevoke,
  devicesRotate,
  devicesSetupCode,
  doctorChannels,
  doctorStorage,
  gatewayCall,
  gatewayPassword,
  gatewayRun,
  health,
  nodesApprove,
  nodesDescribe,
  nodesInvoke,
  nodesList,
  nodesPending,
  nodesReject,
  nodesRemove,
  nodesRename,
  pairingAllow,
  pairingApprove,
  pairingList,
  pairingReject,
  pairingRemove,
  routeExplain,
  sessionsAt,
  sessionsDelete,
  sessionsExport,
  sessionsImport,
  sessionsList,
  sessionsReplay,
  sessionsShow,
  status,
  storageInfo,
  storageMigrate,
  trace,
  version,
];

/** Does what a command line asks, and returns the exit code. */
export function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  return runCommandLine(commands, argv, context);
}
