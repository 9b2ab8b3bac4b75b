import { accountCommand } from "../account-command.ts";

export const channelsStop = accountCommand(
  "stop",
  "Close the accounts of a channel, or one of them, until they are started again.",
);
