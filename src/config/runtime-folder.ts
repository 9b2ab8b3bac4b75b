import { isSystemError, systemReason } from "#base";
import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** A folder where this person's gateways on this machine meet, whatever homes they have; or why there is none. */
export type RuntimeFolder =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly because: string };

const ownerOnly = 0o700;

/** Makes the folder where it is not there. Uses none that somebody else made, or that a link leads to. */
export function prepareRuntime(environment: Environment, platform = process.platform): RuntimeFolder {
  const path = locateRuntime(environment, platform);
  try {
    mkdirSync(path, { recursive: true, mode: ownerOnly });
    const found = lstatSync(path);
    if (!found.isDirectory()) return { ok: false, because: `${path} is no folder` };
    if (platform === "win32") return { ok: true, path };
    if (found.uid !== userId()) return { ok: false, because: `${path} is somebody else's` };
    if ((found.mode & 0o777) !== ownerOnly) chmodSync(path, ownerOnly);
    return { ok: true, path };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { ok: false, because: `${path} cannot be made (${systemReason(error)})` };
  }
}

/**
 * The XDG Base Directory specification has a folder for such things, which a service may have without the variable that
 * names it. Elsewhere it is the folder for what is temporary, under a name of this user's.
 */
export function locateRuntime(environment: Environment, platform = process.platform): string {
  const own = environment[platform === "win32" ? "LOCALAPPDATA" : "XDG_RUNTIME_DIR"];
  if (own && isAbsolute(own)) return join(own, platform === "win32" ? "openclaw-runtime" : "openclaw");
  const usual = `/run/user/${userId()}`;
  if (platform === "linux" && statSync(usual, { throwIfNoEntry: false })?.uid === userId()) {
    return join(usual, "openclaw");
  }
  const temporary =
    environment["TMPDIR"] || environment["TEMP"] || (platform === "win32" ? "C:\\Windows\\Temp" : "/tmp");
  return join(temporary, `openclaw-${userId()}`);
}

function userId(): number | string {
  return process.getuid?.() ?? "user";
}
