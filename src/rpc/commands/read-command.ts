import { fault, permits } from "#protocol";
import type { Asked, Command } from "./command.ts";

/**
 * What a message asks the gateway to do itself; undefined when it is for the model. Throws `missingScope` for who may not
 * call what does it, and `invalidParams` for a command with something behind it that it has no use for.
 */
export function readCommand(
  text: string,
  place: Pick<Asked, "context" | "group" | "sessionKey">,
  commands: readonly Command[],
): (() => Promise<string>) | undefined {
  const [, name = "", argument = ""] = /^\/([a-z]+)(?:\s+([^]*))?$/i.exec(text.trim()) ?? [];
  const command = commands.find((one) => [one.name, ...one.aliases].includes(name.toLowerCase()));
  if (!command) return undefined;
  const { scope } = command.method;
  if (!permits(place.context.caller.scopes, scope)) throw fault.missingScope({ scope });
  if (argument !== "" && !command.argument) {
    throw fault.invalidParams({ path: "message", problem: `nothing may stand behind /${command.name}` });
  }
  return () => command.run({ ...place, argument, commands });
}
