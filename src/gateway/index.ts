/** The walk of a message: receive → reserve → append → turn → deliver. */
export type { ActiveRun, Gateway, Receipt, RunStatus } from "./gateway.ts";
