import { isAbsolute, join, resolve } from "node:path";

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
  /** What the tokens of devices are made with. */
  readonly deviceKey: string;
}

/** The folders of an installation, as absolute paths. Creates none, and never falls back to the working directory. */
export function locateHome(environment: Environment, platform = process.platform): Home {
  const named = expandTilde(environment["OPENCLAW_HOME"] ?? "", environment);
  const root = resolve(named || join(configFolder(environment, platform), "openclaw"));
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
    deviceKey: join(state, "device-key"),
  };
}

/** `~` and `~/…` as a shell has them, for places where no shell has looked: a settings file, a unit file, an image. */
export function expandTilde(path: string, environment: Environment): string {
  return /^~(?=[/\\]|$)/.test(path) ? join(personFolder(environment), path.slice(1)) : path;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The XDG Base Directory specification has relative paths ignored. On Windows, of the two folders for applications it is
 * the one that stays on the machine: a database must not be copied about while it is written.
 */
function configFolder(environment: Environment, platform: NodeJS.Platform): string {
  const own = environment[platform === "win32" ? "LOCALAPPDATA" : "XDG_CONFIG_HOME"];
  if (own && isAbsolute(own)) return own;
  return join(personFolder(environment), ".config");
}

/** Where no variable says, the system's user database does. Rare, so its module is loaded only then. */
function personFolder(environment: Environment): string {
  return environment["HOME"] || environment["USERPROFILE"] || process.getBuiltinModule("node:os").homedir();
}
