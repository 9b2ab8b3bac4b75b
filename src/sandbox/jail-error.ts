/** Why a path was refused, in a sentence that the model and the person may read. */
export class JailError extends Error {
  override readonly name = "JailError";
}

/** Without a full stop, as the words of a `JailError` are. */
export const workspaceGone =
  "the workspace folder is not there any more; nothing can be done in it until it is made again";
