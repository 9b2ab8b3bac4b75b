import { join } from "node:path";
import type { Load, Outcome } from "./drive.ts";
import type { Said, Wish } from "./serve.ts";

export type { Load, Outcome } from "./drive.ts";

/** Accounts of Telegram, Discord and Slack in a process of their own, so that what they cost is not the gateway's. */
export class Platforms implements AsyncDisposable {
  readonly config: string;
  readonly #child: Bun.Subprocess;
  readonly #said: Mailbox;

  private constructor(child: Bun.Subprocess, said: Mailbox, config: string) {
    this.#child = child;
    this.#said = said;
    this.config = config;
  }

  static async open(size: { readonly accountsEach: number; readonly chats: number }): Promise<Platforms> {
    const said = new Mailbox();
    const serve = join(import.meta.dir, "serve.ts");
    const child = Bun.spawn([process.execPath, "run", serve, String(size.accountsEach), String(size.chats)], {
      stdout: "inherit",
      stderr: "inherit",
      // eslint-disable-next-line typescript/no-unsafe-type-assertion
      ipc: (message) => said.put(message as Said),
      onExit: () => said.end(),
    });
    return new Platforms(child, said, (await said.take("open")).config);
  }

  /** Resolves once every account has its gateway. */
  async connected(): Promise<void> {
    this.#wish({ type: "connect" });
    await this.#said.take("connected");
  }

  async drive(load: Load): Promise<Outcome> {
    this.#wish({ type: "drive", ...load });
    return (await this.#said.take("driven")).outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.exited;
  }

  #wish(wish: Wish): void {
    this.#child.send(wish);
  }
}

/** One message at a time is waited for, by its type. */
class Mailbox {
  #waiting: { readonly take: (said: Said) => void; readonly fail: (error: Error) => void } | undefined;
  readonly #held: Said[] = [];

  put(said: Said): void {
    if (!this.#waiting) return void this.#held.push(said);
    this.#waiting.take(said);
    this.#waiting = undefined;
  }

  end(): void {
    this.#waiting?.fail(new Error("the platforms ended"));
  }

  async take<T extends Said["type"]>(type: T): Promise<Extract<Said, { type: T }>> {
    const said = this.#held.shift() ?? (await this.#next());
    if (isOf(said, type)) return said;
    throw new Error(`the platforms said ${said.type} instead of ${type}`);
  }

  #next(): Promise<Said> {
    return new Promise((resolve, reject) => {
      this.#waiting = { take: resolve, fail: reject };
    });
  }
}

function isOf<T extends Said["type"]>(said: Said, type: T): said is Extract<Said, { type: T }> {
  return said.type === type;
}
