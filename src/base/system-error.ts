/** An error that the operating system reported through Node's functions for files. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

/** Why the system refused, for a person: words where there are some, and the code that can be looked up. */
export function systemReason({ code }: { readonly code: string }): string {
  const words = reasons.get(code);
  return words === undefined ? code : `${words} (${code})`;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["EACCES", "access is denied"],
  ["EDQUOT", "the disk quota is used up"],
  ["EEXIST", "something else has that name"],
  ["EIO", "the disk reported an error"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "its symbolic links lead in a circle"],
  ["EMFILE", "this process has too many files open"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ENOENT", "there is no such file or folder"],
  ["ENOSPC", "the disk is full"],
  ["ENOTDIR", "a part of the path is a file, not a folder"],
  ["EPERM", "the system does not allow it"],
  ["EROFS", "the disk is read-only"],
]);
