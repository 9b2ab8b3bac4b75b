/** Chat platforms, one entry each. */
export {
  type Channel,
  type ChannelState,
  type Connection,
  defineChannel,
  type OutboundMessage,
  type SendRefusal,
} from "./channel.ts";
import { webchat } from "./webchat.ts";

export const channels = [webchat] as const;
