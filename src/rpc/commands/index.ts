import { activation } from "./activation.ts";
import type { Command } from "./command.ts";
import { help } from "./help.ts";
import { model } from "./model.ts";
import { reset } from "./reset.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { think } from "./think.ts";

/** Every command there is. Other messages that begin with a slash are for the model. */
export const commands: readonly Command[] = [activation, help, model, reset, status, stop, think];
