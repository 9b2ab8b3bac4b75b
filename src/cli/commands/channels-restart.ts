import { accountCommand } from "../account-command.ts";

export const channelsRestart = accountCommand(
  "restart",
  "Close the accounts of a channel, or one of them, and open them anew.",
);
