import { GatewayCloseCodes } from "discord-api-types/v10";
import { badToken } from "./rest.ts";

/** Why the gateway closed when it will never take us back as we are, and what a person can do. */
export const fatalClose: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: badToken,
  [GatewayCloseCodes.InvalidShard]: "Discord does not accept the shard.",
  [GatewayCloseCodes.ShardingRequired]:
    "The bot is in more servers than one connection may serve; sharding is not supported.",
  [GatewayCloseCodes.InvalidAPIVersion]: "Discord does not speak this version of its API any more.",
  [GatewayCloseCodes.InvalidIntents]: "Discord does not accept the intents.",
  [GatewayCloseCodes.DisallowedIntents]:
    "Discord refuses the intents: switch on “Message Content Intent” on the Bot page of the developer portal.",
};
