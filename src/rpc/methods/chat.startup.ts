import { Type } from "@sinclair/typebox";
import { defineMethod } from "../method.ts";
import { ModelListing } from "../services.ts";
import { chatHistory } from "./chat.history.ts";

export const chatStartup = defineMethod({
  name: "chat.startup",
  summary: "All that a client shows when it opens a chat: the newest messages, and the models to choose from.",
  scope: "operator.read",
  params: chatHistory.params,
  result: Type.Object({ ...chatHistory.result.properties, models: Type.Array(ModelListing) }),
  handle: async (params, context) => ({
    ...(await chatHistory.handle(params, context)),
    models: [...context.services.models()],
  }),
});
