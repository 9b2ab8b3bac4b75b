/** The process's environment as it is now. Who needs it is handed this; nobody else reads it. */
export function readEnvironment(): Record<string, string | undefined> {
  return { ...process.env };
}
