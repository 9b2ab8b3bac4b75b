import { tokenCommand } from "../token-command.ts";

export const devicesRotate = tokenCommand("rotate", {
  summary: "Make the token of a device worthless, and give it another one.",
  said: "Rotated; the device is told the new token when it shows the shared secret again.",
});
