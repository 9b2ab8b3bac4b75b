import { lstatSync } from "node:fs";
import { join } from "node:path";
import { workspaceFiles, type WorkspaceMark } from "./system-prompt.ts";

/**
 * A mark of the workspace's files that changes when one of them does: a few stats, some microseconds, so that a turn need
 * not read the files to know that they are the same. Of a link it is the link's own: what it leads to is never read.
 */
export function workspaceMark(folder: string): WorkspaceMark {
  const paths = workspaceFiles.map((name) => join(folder, name));
  return () =>
    paths
      .map((path) => {
        const stat = lstatSync(path, { throwIfNoEntry: false });
        return stat ? `${stat.ino}.${stat.size}.${stat.mtimeMs}` : "";
      })
      .join();
}
