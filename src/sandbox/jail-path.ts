import { isAbsolute, resolve, sep } from "node:path";
import { JailError } from "./jail-error.ts";

/**
 * The names that lead from the root to what a path means. Paths are relative to the root, or absolute and below it; `..`
 * is resolved by the text alone, which is exact because no symbolic link is ever followed below the root. Nothing else
 * means anything: no `~`, no URLs, no escapes.
 */
export function namesBelow(root: string, path: string, platform = process.platform): readonly string[] {
  refuse(path, forms);
  if (platform === "win32") refuse(path, windowsForms);
  const full = resolve(root, path);
  if (full === root) return [];
  const prefix = root.endsWith(sep) ? root : root + sep;
  if (!full.startsWith(prefix)) throw new JailError(`${shown(path)} is outside the workspace ${root}`);
  const names = full.slice(prefix.length).split(sep);
  if (names.some((name) => Buffer.byteLength(name) > longestName))
    throw new JailError(`a name in ${shown(path)} is too long`);
  return names;
}

/** A path as it may stand in a sentence: quoted, clipped, nothing in it that a terminal would obey. */
export function shown(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}

const longestPath = 4_096;
const longestName = 255;

interface Form {
  readonly is: (path: string) => boolean;
  readonly problem: string;
}

function refuse(path: string, refused: readonly Form[]): void {
  const problem = refused.find(({ is }) => is(path))?.problem;
  if (problem !== undefined) throw new JailError(`${shown(path)} ${problem}`);
}

/** Forms that elsewhere lead out of a folder. Taken literally here, they would surprise whoever meant them. */
const forms: readonly Form[] = [
  { is: (path) => path.length > longestPath, problem: "is too long" },
  { is: (path) => path.includes("\0"), problem: "holds a NUL character" },
  {
    is: (path) => path === "~" || /^~[^/\\]*[/\\]/.test(path),
    problem: "starts with ~, which means nothing here: paths are relative to the workspace",
  },
  { is: (path) => /^[a-z][a-z0-9+.-]+:\/\//i.test(path), problem: "is a URL; a path of the workspace was expected" },
  { is: (path) => path.startsWith("\\\\"), problem: "is a network path" },
  { is: (path) => !isAbsolute(path) && /^[a-z]:[\\/]/i.test(path), problem: "names a drive of another system" },
];

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const windowsForms: readonly Form[] = [
  { is: (path) => path.slice(2).includes(":"), problem: "names a stream of a file" },
  { is: (path) => /[<>"|?*]/.test(path), problem: "holds a character that names on Windows cannot have" },
  {
    is: (path) => /(?:^|[\\/:])(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:[.\\/]|$)/i.test(path),
    problem: "names a device",
  },
];
