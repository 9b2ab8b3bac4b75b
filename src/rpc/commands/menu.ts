/** The commands as a platform's menu shows them. They are loaded when an account with a menu is opened. */
export async function menuCommands() {
  const { commands } = await import("./index.ts");
  return commands.map(({ name, summary, argument }) => ({
    name,
    description: summary,
    ...(argument && {
      argument: {
        name: argument.name,
        description: argument.summary,
        ...(argument.choices && { choices: argument.choices }),
      },
    }),
  }));
}
