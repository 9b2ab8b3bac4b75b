import { accessSync, constants, existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { codeOf } from "./error-code.ts";

/** What the bubblewrap at hand can do. Version 0.4, of Ubuntu 20.04, can do everything else that is used here. */
export interface BubblewrapFeatures {
  /** A user namespace of its own; impossible where bubblewrap is setuid root because users may not make any. */
  readonly userNamespace: boolean;
  /** `--disable-userns`, since 0.8. */
  readonly disableUserns: boolean;
  /** `--size`, since 0.7. */
  readonly size: boolean;
}

export interface BubblewrapView {
  readonly workspace: string;
  readonly stateDir: string;
  readonly network: boolean;
  readonly isRoot: boolean;
  readonly features: BubblewrapFeatures;
}

/**
 * The arguments that make a program's world: the system's programs read-only, the workspace read-write at its own path,
 * private `/tmp`, no devices but the harmless ones, no other processes, no network unless allowed, and nothing else.
 */
export function bubblewrapArguments(view: BubblewrapView): string[] {
  const { workspace, stateDir, features } = view;
  const hidden = stateDir.startsWith(workspace + sep) ? "inWorkspace" : isShown(stateDir) ? "inSystem" : "outside";
  return [
    ...namespaces(view),
    "--die-with-parent", // also ends everything inside: the first process of a PID namespace takes the others along
    "--new-session", // no terminal to push input into (TIOCSTI)
    "--cap-drop",
    "ALL",
    "--hostname",
    "sandbox",
    ...system(),
    ...configuration(view.network),
    "--proc",
    "/proc",
    ...kernelFiles(view.isRoot),
    "--dev",
    "/dev",
    ...temporary("/dev/shm", features),
    "--remount-ro",
    "/dev",
    ...temporary("/tmp", features),
    ...(hidden === "inSystem" ? ["--tmpfs", stateDir, "--remount-ro", stateDir] : []),
    "--bind",
    workspace,
    workspace,
    ...(hidden === "inWorkspace" ? ["--tmpfs", stateDir, "--remount-ro", stateDir] : []),
    "--remount-ro",
    "/",
    "--chdir",
    workspace,
  ];
}

/** Why this folder cannot be a sandbox's workspace, if it cannot. */
export function workspaceProblem(workspace: string, stateDir: string): string | undefined {
  if (workspace === stateDir) return "the workspace is the folder of the gateway's own state";
  const taken = ["/", ...shown, "/etc", "/proc", "/dev", "/sys", "/tmp", "/var", "/boot", "/home", "/root/.ssh"];
  if (taken.includes(workspace)) return `the workspace cannot be ${workspace} itself`;
  const isKernels = ["/proc/", "/dev/", "/sys/"].some((folder) => workspace.startsWith(folder));
  return isKernels ? `the workspace cannot be in ${workspace.slice(0, 5)}` : undefined;
}

const tmpfsBytes = 256 * 1024 * 1024;
const nobody = "65534";
/** Where programs and their libraries are, on every layout of Linux. */
const shown = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

/** What programs need to know of the host's configuration; nothing that only root may read. */
const etc = [
  "alternatives",
  "ca-certificates",
  "group",
  "ld.so.cache",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "passwd",
  "pki/ca-trust/extracted",
  "pki/tls/certs",
  "protocols",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
];
const etcForNetwork = ["gai.conf", "hosts", "resolv.conf"];

/**
 * Parts of /proc that speak for the whole kernel. Read-only where programs look at them; where nobody needs to, a
 * device file on a mount without devices, which cannot be opened. Only a gateway that runs as root needs all of it: without
 * capabilities, root still owns these files (the lists are near those of the OCI runtimes). Each mount costs time.
 */
const readOnly = [
  "/proc/sys",
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/acpi",
  "/proc/asound",
  "/proc/scsi",
  "/proc/driver",
];
const unreadable = [
  "/proc/kcore",
  "/proc/key-users",
  "/proc/keys",
  "/proc/kmsg",
  "/proc/kpagecgroup",
  "/proc/kpagecount",
  "/proc/kpageflags",
  "/proc/latency_stats",
  "/proc/mtrr",
  "/proc/sched_debug",
  "/proc/slabinfo",
  "/proc/sysrq-trigger",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/vmallocinfo",
];

function namespaces({ network, isRoot, features }: BubblewrapView): string[] {
  return [
    "--unshare-all",
    ...(network ? ["--share-net"] : []),
    ...(features.userNamespace ? ["--unshare-user"] : []),
    ...(features.userNamespace && features.disableUserns ? ["--disable-userns"] : []),
    ...(features.userNamespace && isRoot ? ["--uid", nobody, "--gid", nobody] : []),
  ];
}

/** Folders as folders, and the links that merged layouts have in their place (`/bin` → `usr/bin`) as links. */
function system(): string[] {
  return shown.flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return [];
    return found.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
  });
}

/** Each file is shown by what it is: `resolv.conf` is often a link to where nothing is shown. */
function configuration(network: boolean): string[] {
  return [...etc, ...(network ? etcForNetwork : [])]
    .map((name) => join("/etc", name))
    .filter((path) => existsSync(path))
    .flatMap((path) => ["--ro-bind", realpathSync(path), path]);
}

/** For a user, most of these are out of reach already. */
function kernelFiles(isRoot: boolean): string[] {
  const shownReadOnly = isRoot ? readOnly.filter((path) => existsSync(path)) : ["/proc/sys"];
  return [
    ...shownReadOnly.flatMap((path) => ["--ro-bind", path, path]),
    ...unreadable.filter(isRoot ? existsSync : isReadable).flatMap((path) => ["--ro-bind", "/dev/null", path]),
  ];
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    if (codeOf(error) !== undefined) return false;
    throw error;
  }
}

function temporary(path: string, features: BubblewrapFeatures): string[] {
  return [...(features.size ? ["--size", String(tmpfsBytes)] : []), "--tmpfs", path];
}

function isShown(path: string): boolean {
  return existsSync(path) && shown.some((folder) => path.startsWith(folder + sep));
}
