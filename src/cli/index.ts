/** One command per file. */
export const commands = [] as const;
