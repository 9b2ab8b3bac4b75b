/** What one program may use. Bounds for accidents; the timeout and the sandbox are there for the rest. */
const limits = { fileBlocks: 1_048_576, openFiles: 1_024, processes: 512 } as const;

/**
 * A command line that lowers the limits of the process, joins standard error to standard output and becomes the program.
 * `ulimit` is everywhere a POSIX shell is, and lowering what is lower already changes nothing. File sizes count in blocks
 * of 512 bytes, so 512 MiB; memory is not limited here, because JavaScript runtimes reserve far more than they use.
 */
export function limited(
  argv: readonly string[],
  options: { readonly processes: boolean; readonly cpuSeconds: number },
): string[] {
  const lowered = [
    "ulimit -c 0",
    `ulimit -f ${limits.fileBlocks}`,
    `ulimit -n ${limits.openFiles}`,
    `ulimit -t ${options.cpuSeconds}`,
    // dash calls it -p, every other shell -u.
    ...(options.processes ? [`ulimit -u ${limits.processes} || ulimit -p ${limits.processes}`] : []),
  ];
  return ["/bin/sh", "-c", `{ ${lowered.join("; ")}; } 2>/dev/null; exec "$@" 2>&1`, "sh", ...argv];
}

/** The whole environment of a program: what is not listed here is not there. */
export function environment(workspace: string): Readonly<Record<string, string>> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: workspace,
    LANG: "C.UTF-8",
    TERM: "dumb",
    TZ: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
