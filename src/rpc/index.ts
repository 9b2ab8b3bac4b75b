/** Which methods exist, who may call them, and the dialects they are called in. */
export type { Caller } from "./caller.ts";
export type { ConnectionInfo, Socket } from "./connection.ts";
export { type AnyMethod, defineMethod, type Method, type MethodContext, type Route } from "./method.ts";
export type { Line, Rpc } from "./rpc.ts";
export type { ChannelStatus, GatewayStatus, ModelListing, Services } from "./services.ts";
