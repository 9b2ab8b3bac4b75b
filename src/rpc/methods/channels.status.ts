import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { ChannelStatus } from "../services.ts";

export const channelsStatus = defineMethod({
  name: "channels.status",
  summary: "The chat platforms and how the line to each is.",
  scope: "operator.read",
  route: { verb: "GET", path: "/channels" },
  params: Type.Object({}, closed),
  result: Type.Object({ channels: Type.Array(ChannelStatus) }),
  handle: async (_params, { services }) => ({ channels: [...services.channels()] }),
});
