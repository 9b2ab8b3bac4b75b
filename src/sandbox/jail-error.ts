/** Why a path was refused, in a sentence that the model and the person may read. */
export class JailError extends Error {
  override readonly name = "JailError";
}
