/** Which methods exist, who may call them, and the dialects they are called in. */
export { accountStatus } from "./account-rows.ts";
export { addressGroup } from "./address.ts";
export type { AuthMode, AuthSettings, Credential, Whereabouts } from "./authenticator.ts";
export type { Caller } from "./caller.ts";
export { type Client, createClient, type MethodName, type ParamsOf, type ResultOf } from "./client.ts";
export { ConnectionInfo, type Line, type Socket } from "./connection.ts";
export type { Peer } from "./hub.ts";
export { defaultLimits, type RpcLimits } from "./limits.ts";
export { type AnyMethod, defineMethod, type Method, type MethodContext, type Route } from "./method.ts";
export { methods } from "./methods/index.ts";
export { HashedPassword, type Password, plainPassword } from "./password.ts";
export { menuCommands } from "./commands/menu.ts";
export { type CallFrom, createRpc, type Rpc } from "./rpc.ts";
export { AgentListing, ChannelStatus, GatewayStatus, ModelListing, type Services } from "./services.ts";
export { checkToken, type TokenCheck } from "./token.ts";
export { type EventName, type PayloadOf, wireEvents } from "./wire-events.ts";
