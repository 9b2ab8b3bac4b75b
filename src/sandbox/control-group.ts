import { newToken } from "#base";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { codeOf } from "./error-code.ts";

/**
 * A bound on the processes and the memory of all that runs in it, temporary files included. It takes a gateway that may
 * make control groups, in practice one that runs as root, and that is the one that needs it: no other limit on processes
 * holds for root.
 */
export class ControlGroup {
  readonly #folders: readonly string[];

  /** Undefined where this process may not make any, or the kernel counts no processes in them. */
  static make(): ControlGroup | undefined {
    const made: string[] = [];
    try {
      const name = `openclaw-${process.pid}-${newToken().slice(0, 16)}`;
      for (const { root, limits } of hierarchies()) {
        const folder = join(root, name);
        mkdirSync(folder);
        made.push(folder);
        for (const [file, limit] of limits) writeFileSync(join(folder, file), limit);
      }
      return made.length > 0 ? new ControlGroup(made) : undefined;
    } catch (error) {
      made.forEach(removeFolder);
      if (codeOf(error) !== undefined) return undefined;
      throw error;
    }
  }

  /** Removes the empty groups of gateways that ended without doing so. */
  static sweep(): void {
    for (const { root } of hierarchies()) {
      for (const name of existsSync(root) ? readdirSync(root) : []) {
        const owner = /^openclaw-(\d+)-/.exec(name)?.[1];
        if (owner !== undefined && !existsSync(`/proc/${owner}`)) new ControlGroup([join(root, name)]).remove();
      }
    }
  }

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** A command line that enters the group and becomes the other; it says why, and ends, when it cannot. */
  entered(argv: readonly string[]): string[] {
    const files = this.#folders.map((folder) => join(folder, "cgroup.procs"));
    const script = `for _ in ${files.map(() => "_").join(" ")}; do
      { echo 0 >"$1"; } 2>/dev/null || { echo "bwrap: cannot enter the control group $1" >&2; exit 1; }
      shift
    done; exec "$@"`;
    return ["/bin/sh", "-c", script, "sh", ...files, ...argv];
  }

  /** False while something is still in it. */
  remove(): boolean {
    return this.#folders.map(removeFolder).every(Boolean);
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return true;
    if (codeOf(error) === "EBUSY") return false;
    throw error;
  }
}

const mostProcesses = "512";

interface Hierarchy {
  readonly root: string;
  readonly limits: readonly (readonly [file: string, limit: string])[];
}

/** Version 2 has one tree for everything; version 1, of Ubuntu 20.04, one for each kind. */
function hierarchies(): readonly Hierarchy[] {
  const mostMemory = String(Math.floor(totalmem() / 2));
  const root = "/sys/fs/cgroup";
  const handedOn = readIfThere(join(root, "cgroup.subtree_control"));
  if (handedOn === undefined) {
    const memory = join(root, "memory");
    return [
      { root: join(root, "pids"), limits: [["pids.max", mostProcesses]] },
      ...(existsSync(memory) ? [{ root: memory, limits: [["memory.limit_in_bytes", mostMemory]] as const }] : []),
    ];
  }
  const has = (controller: string) => handedOn.split(/\s+/).includes(controller);
  if (!has("pids")) return [];
  return [
    { root, limits: [["pids.max", mostProcesses], ...(has("memory") ? [["memory.max", mostMemory] as const] : [])] },
  ];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
