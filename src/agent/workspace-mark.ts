import { statSync } from "node:fs";
import { join } from "node:path";
import { workspaceFiles, type WorkspaceMark } from "./system-prompt.ts";

/**
 * A mark of the workspace's files that changes when one of them does: a few stats, some microseconds, so that a turn need
 * not read the files to know that they are the same.
 */
export function workspaceMark(folder: string): WorkspaceMark {
  const paths = workspaceFiles.map((name) => join(folder, name));
  return () =>
    paths
      .map((path) => {
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat ? `${stat.ino}.${stat.size}.${stat.mtimeMs}` : "";
      })
      .join();
}
