import { tokenCommand } from "../token-command.ts";

export const devicesRevoke = tokenCommand("revoke", {
  summary: "Take a role from a device, until somebody approves it again.",
  said: "Revoked; its connections are closed.",
});
