import { commands } from "#cli";
import { renderHelp } from "../../src/cli/help.ts";

const plain = { bold: (text: string) => text, dim: (text: string) => text, red: (text: string) => text };

/** Every command with the help that it prints itself. */
export function commandsChapter(): string {
  const helps = commands.map(
    ({ path }) => `### ${path.join(" ")}\n\n\`\`\`\n${renderHelp(commands, path, plain).trim()}\n\`\`\``,
  );
  return ["## Commands", ...helps].join("\n\n");
}
