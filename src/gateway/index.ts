/** The walk of a message: receive → reserve → append → turn → deliver. */
export { createGateway } from "./create-gateway.ts";
export type { ActiveRun, Gateway, Receipt, RunStatus } from "./gateway.ts";
export type { KeyedRequest } from "./requests.ts";
export type { Inbound } from "./inbound/inbound.ts";
export { createNotes } from "./notes.ts";
export type { House, ModelPrice } from "./house.ts";
export { defaultAccount, type Line, type Lines, linesOf } from "./line.ts";
