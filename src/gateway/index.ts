/** The walk of a message: receive → reserve → append → turn → deliver. */
export { createGateway } from "./create-gateway.ts";
export type { ActiveRun, Asked, Gateway, Moment, Receipt, RunStatus } from "./gateway.ts";
export type { KeyedRequest } from "./requests.ts";
export { createNotes } from "./notes.ts";
export type { House, ModelPrice, OpenChannel } from "./house.ts";
