import { personCommand } from "../person-command.ts";

export const pairingRemove = personCommand("remove", {
  summary: "Take somebody off the list who was let in.",
  said: "is not on the list of",
});
