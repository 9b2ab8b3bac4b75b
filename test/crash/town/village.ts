import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeModel } from "../../support/fake-model.ts";
import { fakeModelConfig, type GatewayProcess } from "../../support/gateway-process.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { Book } from "../book.ts";
import { debts, inspect, look } from "../inspect.ts";
import { startAnywhere } from "../start-anywhere.ts";
import { askedIn } from "./canary.ts";
import { lookAround, type Findings } from "./look-around.ts";
import { parrotModel } from "./model.ts";
import type { Town } from "./town.ts";

const mostSettleMs = 90_000;

/** One installation of the gateway that serves a town, and dies there again and again. */
export class Village implements AsyncDisposable {
  readonly town: Town;
  readonly readyMs: number[] = [];
  readonly #stack: AsyncDisposableStack;
  readonly #command: readonly string[];
  readonly #home: string;
  readonly #config: string;

  /** `isShared`: all direct chats are one conversation, as the settings have it when nobody says otherwise. */
  constructor(town: Town, command: readonly string[], { isShared }: { readonly isShared: boolean }) {
    this.town = town;
    this.#command = command;
    this.#stack = new AsyncDisposableStack();
    this.#stack.use(town);
    this.#home = this.#stack.use(tempFolder()).path;
    const model = this.#stack.use(startFakeModel({ remember: 0, script: parrotModel(() => !isShared) }));
    const scope = isShared ? "main" : "per-account-channel-peer";
    this.#config = `${fakeModelConfig(model.url)}
[sandbox]
mode = "never"
[session]
dm_scope = "${scope}"
${town.config}
`;
  }

  /** Starts the gateway; undefined when it died on its way, at the place that was named. */
  async start(crashAt = ""): Promise<GatewayProcess | undefined> {
    try {
      const gateway = await startAnywhere({
        home: this.#home,
        config: this.#config,
        command: this.#command,
        environment: { OPENCLAW_GATEWAY_AUTH_TOKEN: "", CRASH_AT: crashAt, PLATFORM_URL: "http://127.0.0.1:9/" },
      });
      this.readyMs.push(gateway.startMs);
      return gateway;
    } catch (error) {
      if (crashAt !== "" && String(error).includes("ended with SIGKILL")) return undefined;
      throw error;
    }
  }

  /** Starts it once more over what the last death left, waits until nothing is owed to anybody, and looks around. */
  async settle(): Promise<Findings> {
    await using gateway = await this.start();
    if (!gateway) throw new Error("it did not start");
    const { town } = this;
    const owed = await this.#untilSettled();
    const findings = look(this.#database, (db) => lookAround(town, db, this.#effects()));
    const whole = inspect({ database: this.#database, book: new Book(), platform: nobody, effects: [] });
    const violations = [...(owed === undefined ? [] : [owed]), ...whole.violations, ...findings.violations];
    return { ...findings, violations };
  }

  /** What is still owed after a long while. */
  async #untilSettled(): Promise<string | undefined> {
    const end = performance.now() + mostSettleMs;
    while (!this.#isSettled()) {
      if (performance.now() > end) return `it never settled: ${this.#state()}`;
      await Bun.sleep(20);
    }
    return undefined;
  }

  /** Everything that was taken is a turn, every turn has ended, and nothing waits to be sent. */
  #isSettled(): boolean {
    if (!this.town.isHeard || !this.town.isQuiet) return false;
    const { outbox, runs } = debts(this.#database);
    return runs + outbox + this.#waiting() === 0 && this.#missing().length === 0;
  }

  /** What was taken and is no turn. */
  #missing(): readonly string[] {
    const turns = look(this.#database, (db) => {
      using received = db.prepare<{ data: string }, []>("SELECT data FROM events WHERE kind = 'MessageReceived'");
      return new Set(received.all().map(({ data }) => askedIn((JSON.parse(data) as { text: string }).text)?.word));
    });
    const due = this.town.canaries.filter(({ isForUs, isTaken }) => isForUs && isTaken());
    return due.map(({ word }) => word).filter((word) => !turns.has(word));
  }

  #waiting(): number {
    return look(this.#database, (db) => {
      using waiting = db.prepare<{ n: number }, []>(
        "SELECT count(*) AS n FROM records WHERE kind IN ('inbound-waiting', 'inbound-backlog')",
      );
      return waiting.get()?.n ?? 0;
    });
  }

  #state(): string {
    const squares = this.town.squares.map(({ isHeard, isQuiet, platform }) => ({ platform, isHeard, isQuiet }));
    return JSON.stringify({ ...debts(this.#database), waiting: this.#waiting(), missing: this.#missing(), squares });
  }

  get #database(): string {
    return join(this.#home, "state/openclaw.db");
  }

  #effects(): string[] {
    const file = join(this.#home, "workspace/effects.txt");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

const nobody = { url: "", arrivals: new Map(), refusals: 0, [Symbol.dispose]: () => {} };
