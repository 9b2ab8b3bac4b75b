import { type Static, Type } from "@sinclair/typebox";
import { agentsSettings } from "#agent";
import { type Channel, channels, channelsSettings } from "#channels";
import { bindingsSettings, broadcastSettings, commandsSettings, messagesSettings } from "#gateway";
import { gatewaySettings } from "#http";
import { modelsSettings } from "#providers";
import { sandboxSettings } from "#sandbox";
import { runtimeSettings } from "#scheduler";
import { sessionSettings } from "#sessions";
import { storageSettings } from "#storage";
import { toolsSettings } from "#tools";

const loggingSettings = Type.Object({
  level: Type.Union([Type.Literal("debug"), Type.Literal("info"), Type.Literal("warn"), Type.Literal("error")], {
    default: "info",
    restart: true,
    description: "The least that is written to the log file.",
  }),
});

/** The whole configuration: one slice a room. */
export const Settings = settingsWith(channels);
export type Settings = Static<typeof Settings>;

/** The same for these channels. */
export function settingsWith(available: readonly Channel[]) {
  return Type.Object({
    agents: agentsSettings,
    bindings: bindingsSettings,
    broadcast: broadcastSettings,
    channels: channelsSettings(available),
    commands: commandsSettings,
    gateway: gatewaySettings,
    logging: loggingSettings,
    messages: messagesSettings,
    models: modelsSettings,
    runtime: runtimeSettings,
    sandbox: sandboxSettings,
    session: sessionSettings,
    storage: storageSettings,
    tools: toolsSettings,
  });
}
