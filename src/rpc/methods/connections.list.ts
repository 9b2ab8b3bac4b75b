import { Type } from "@sinclair/typebox";
import { ConnectionInfo } from "../connection.ts";
import { closed, defineMethod } from "../method.ts";

export const connectionsList = defineMethod({
  name: "connections.list",
  summary: "The sockets that are open, and what they did.",
  scope: "operator.read",
  route: { verb: "GET", path: "/connections" },
  params: Type.Object({}, closed),
  result: Type.Object({ connections: Type.Array(ConnectionInfo) }),
  handle: async (_params, context) => ({ connections: [...context.connections()] }),
});
