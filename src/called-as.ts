/** The words that call this program from a terminal, as the person called it. */
export function calledAs(environment: Readonly<Record<string, string | undefined>>): string {
  if (Bun.isStandaloneExecutable) return /^[\w.:\\/~+-]+$/.test(process.argv0) ? process.argv0 : "openclaw";
  const isBunAlone = environment["npm_config_user_agent"]?.startsWith("bun/") ?? false;
  return isBunAlone ? "bun run --silent openclaw" : "npm run -s openclaw --";
}
