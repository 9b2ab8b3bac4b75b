import { join } from "node:path";

/** Where everything of one installation lies; `OPENCLAW_HOME` moves all of it. */
export interface Home {
  readonly root: string;
  readonly credentials: string;
  readonly plugins: string;
  readonly state: string;
  readonly workspace: string;
  readonly database: string;
  readonly lock: string;
  readonly logFile: string;
  /** The token that `gateway run` makes on its first run. */
  readonly token: string;
}

/** The folders of an installation. Creates none. */
export function locateHome(environment: Readonly<Record<string, string | undefined>>): Home {
  const ownConfig =
    environment["XDG_CONFIG_HOME"] || join(environment["HOME"] || environment["USERPROFILE"] || ".", ".config");
  const root = environment["OPENCLAW_HOME"] || join(ownConfig, "openclaw");
  const state = join(root, "state");
  return {
    root,
    credentials: join(root, "credentials"),
    plugins: join(root, "plugins"),
    state,
    workspace: join(root, "workspace"),
    database: join(state, "openclaw.db"),
    lock: join(state, "gateway.lock"),
    logFile: join(state, "logs", "gateway.log"),
    token: join(state, "token"),
  };
}
