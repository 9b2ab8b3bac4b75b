import type { GroupChat } from "#gateway";
import type { RequiredScope } from "#protocol";
import type { MethodContext } from "../method.ts";

/** Something that is done instead of being said, when a message is nothing but this: `/name` and what is behind it. */
export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  /** One sentence, for the list of them. */
  readonly summary: string;
  readonly category: "management" | "options" | "session" | "status";
  /** What may stand behind the name; where this is not given, nothing may. */
  readonly argument?: { readonly name: string; readonly summary: string; readonly choices?: readonly string[] };
  /** The method that does it: who may not call that may not say this. */
  readonly method: { readonly name: string; readonly scope: RequiredScope };
  /** Does it, and says what was done. Fails as the method does. */
  run(asked: Asked): Promise<string>;
}

export interface Asked {
  readonly sessionKey: string;
  /** What stands behind the name, without the space around it. */
  readonly argument: string;
  readonly context: MethodContext;
  /** Where it was said, when that is a group of a platform. */
  readonly group?: GroupChat;
  /** All there are. */
  readonly commands: readonly Command[];
}
