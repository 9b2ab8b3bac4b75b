import { accountCommand } from "../account-command.ts";

export const channelsStart = accountCommand("start", "Open the accounts of a channel, or one of them.");
