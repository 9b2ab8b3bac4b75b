/** The walk of a message: receive → reserve → append → turn → deliver. */
export type { AccountView } from "./accounts/account.ts";
export { type AccountPlace, type Accounts, type AccountsOptions, openAccounts } from "./accounts/accounts.ts";
export { pairingLimits } from "./access/pairing-limits.ts";
export type { Probe } from "./accounts/keeper.ts";
export type { Lease, TakeLease } from "./accounts/lease.ts";
export { createGateway } from "./create-gateway.ts";
export type { ActiveRun, Asked, ChatFile, FileReceipt, Gateway, Moment, Receipt, RunStatus } from "./gateway.ts";
export type { BroughtFile } from "./keep-files.ts";
export type { KeyedRequest } from "./requests.ts";
export { createInbound } from "./inbound/create-inbound.ts";
export { checkBroadcast, labelIn } from "./router/broadcast.ts";
export { checkBindings } from "./router/check-bindings.ts";
export { checkMentions } from "./router/mentions.ts";
export { bindingsSettings, broadcastSettings, commandsSettings, messagesSettings } from "./settings.ts";
export type { Hearing } from "./inbound/hearing.ts";
export type {
  ActivationDesk,
  AsideDesk,
  CommandAsked,
  GroupChat,
  Inbound,
  InboundOptions,
  PairingDesk,
  SetAside,
} from "./inbound/inbound.ts";
export { createNotes } from "./notes.ts";
export type { House, ModelPrice } from "./house.ts";
export { defaultAccount, type Line, type Lines, linesOf } from "./line.ts";
