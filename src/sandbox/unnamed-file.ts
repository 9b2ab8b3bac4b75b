import { newToken } from "#base";
import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An open file that has no name, for handing bytes to a process by a descriptor, or taking them from it. Linux only. */
export class UnnamedFile implements Disposable {
  readonly fd: number;

  constructor(content?: Uint8Array) {
    const path = join(process.getBuiltinModule("node:os").tmpdir(), `openclaw-${newToken()}`);
    this.fd = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    if (content) writeFileSync(this.fd, content); // all of it or an error, where writeSync may take a part
  }

  /** A descriptor of its own, to be closed by the caller, that reads from the beginning whatever others have read. */
  reopen(): number {
    return openSync(this.#path, "r");
  }

  text(): string {
    return readFileSync(this.#path, "utf8");
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }

  get #path(): string {
    return `/proc/self/fd/${this.fd}`;
  }
}
