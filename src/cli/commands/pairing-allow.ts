import { personCommand } from "../person-command.ts";

export const pairingAllow = personCommand("allow", {
  summary: "Let somebody in by the platform's id of them, without a code.",
  said: "may write to",
});
