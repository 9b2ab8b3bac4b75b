/** Chat platforms, one entry each. */
export { Activation } from "./activation.ts";
export {
  type Ability,
  type AccountOptions,
  type Channel,
  type ChannelState,
  type Connection,
  defineChannel,
  type Growth,
  type MenuCommand,
  type Notes,
  type OutboundFile,
  type OutboundMessage,
  type Posted,
  type SendRefusal,
  type TextLimit,
  type WebhookAnswer,
  type WebhookRequest,
} from "./channel.ts";
export {
  type AccountPlace,
  type ConfiguredAccount,
  configuredAccounts,
  defaultAccount,
  isTokenField,
  settingPath,
  tokenPaths,
} from "./configured.ts";
export {
  accountFields,
  type ChannelSection,
  type ChannelsSettings,
  channelsSettings,
  isSecretField,
} from "./sections.ts";
export type { Allowance } from "./pace.ts";
export { channelSettings, type ChannelSettings } from "./settings.ts";
export { type Told, toldOf, topicAgents } from "./topics.ts";
export type { Attachment, Place, Quoted, ReplyTicket, Sender, Update } from "./update.ts";
import { discord } from "./discord.ts";
import { slack } from "./slack.ts";
import { telegram } from "./telegram.ts";
import { webchat } from "./webchat.ts";
import { webhook } from "./webhook.ts";

export const channels = [discord, slack, telegram, webchat, webhook] as const;
