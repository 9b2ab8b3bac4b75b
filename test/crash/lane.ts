import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cpuMs } from "../../bench/figures.ts";
import { startFakeModel } from "../support/fake-model.ts";
import { fakeModelConfig, type GatewayProcess } from "../support/gateway-process.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { Book } from "./book.ts";
import { debts, type Findings, inspect, openTurns } from "./inspect.ts";
import type { Target } from "./lines.ts";
import { type Deed, putUnderLoad, sayAgain } from "./load.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { startAnywhere } from "./start-anywhere.ts";

const mostReadyMs = 2_000;
const mostSettleMs = 30_000;

/** What is started: the house with its pigeons, or the executable as it is released. */
export interface Peer {
  readonly command: readonly string[];
  readonly hasPigeons: boolean;
}

export interface Death {
  /** `name:n`, or undefined for a kill from outside. */
  readonly crashAt?: string;
  /** From the beginning of the load to the signal; where the process dies by itself, how long it has to do so. */
  readonly afterMs: number;
  readonly signal: "SIGKILL" | "SIGTERM";
  readonly often?: Deed | undefined;
  /** How many open turns it leaves at least. */
  readonly leaves?: number;
}

/** One installation that is killed again and again, and what happens around it: model, platform, people. */
export class Lane implements AsyncDisposable {
  readonly readyMs: number[] = [];
  /** Starts that took too long while the process hardly got a processor: then it is the machine that was slow. */
  readonly starved: number[] = [];
  readonly #stack: AsyncDisposableStack;
  readonly #home: string;
  readonly #command: readonly string[];
  readonly #hasPigeons: boolean;
  readonly #platform: Platform;
  readonly #book = new Book();
  readonly #modelUrl: string;
  /** While true, the model never answers. */
  readonly model = { hangs: false };

  constructor({ command, hasPigeons }: Peer) {
    this.#command = command;
    this.#hasPigeons = hasPigeons;
    this.#stack = new AsyncDisposableStack();
    this.#home = this.#stack.use(tempFolder()).path;
    this.#platform = this.#stack.use(startPlatform());
    const state = this.model;
    const model = this.#stack.use(
      startFakeModel({
        remember: 0,
        script: ({ messages }) => {
          if (state.hangs) return { parts: ["thinking …", new Promise(() => {})] };
          const last = messages.at(-1);
          const [deed, id = ""] = (messages.findLast((message) => message.role === "user")?.text ?? "").split(" ");
          if (deed === "do" && last?.role === "user") {
            const args = { command: `echo ${id} >> effects.txt` };
            return { parts: [{ toolCall: { id: `call-${id}`, name: "bash", args } }] };
          }
          if (deed === "do") return `done ${id}`;
          return Math.random() < 0.3 ? { parts: ["echo ", Bun.sleep(Math.random() * 30), id] } : `echo ${id}`;
        },
      }),
    );
    this.#modelUrl = model.url;
  }

  get messages(): { readonly said: number; readonly acknowledged: number } {
    return { said: this.#book.said.size, acknowledged: this.#book.acknowledged.length };
  }

  refuse(perMille: number): void {
    this.#platform.refusals = perMille;
  }

  /** Starts the gateway, puts it under load, and lets it die. True when it died where it was meant to. */
  async live(era: number, death: Death): Promise<boolean> {
    const starting = this.#start(death.crashAt).catch((error: unknown) => {
      if (death.crashAt !== undefined && String(error).includes("ended with SIGKILL")) return undefined;
      throw error;
    });
    await using gateway = await starting;
    if (!gateway) return true; // it died on its way
    if (death.crashAt === undefined) this.#checkReady(gateway);
    const over = new AbortController();
    const work = putUnderLoad({
      target: this.#target(gateway),
      book: this.#book,
      signal: over.signal,
      era,
      often: death.often,
      hasPigeons: this.#hasPigeons,
    });
    const diedItself = await Promise.race([gateway.ended.then(() => true), Bun.sleep(death.afterMs).then(() => false)]);
    if (death.leaves !== undefined) await this.#untilOpen(death.leaves, 0);
    if (death.signal === "SIGTERM") over.abort();
    const code = await gateway.stop(death.signal);
    over.abort();
    await work;
    if (death.crashAt === undefined) return true;
    return diedItself || (death.signal === "SIGTERM" && code === null);
  }

  /** Starts it over what the last death left, waits until nothing is owed, and looks at everything. */
  async settle(): Promise<Findings> {
    await using gateway = await this.#startWhole();
    this.#checkReady(gateway);
    await sayAgain({ target: this.#target(gateway), book: this.#book });
    const owed = await this.#untilSettled();
    const findings = inspect({
      database: this.#database,
      book: this.#book,
      platform: this.#platform,
      effects: this.#effects(),
    });
    const { components } = (await (await fetch(`${gateway.url}/health`)).json()) as {
      readonly components: Readonly<Record<string, string>>;
    };
    const alarm = components["storage"] === "healthy" ? undefined : `it calls its storage ${components["storage"]}`;
    const more = [owed, alarm].filter((one) => one !== undefined);
    return { ...findings, violations: [...more, ...findings.violations] };
  }

  /** Starts it and kills it as soon as it has taken up so many turns, with a model that never answers: turns get old. */
  async age({ times, turns }: { readonly times: number; readonly turns: number }): Promise<void> {
    for (let resumed = 1; resumed <= times; resumed++) {
      await using gateway = await this.#startWhole();
      await this.#untilOpen(turns, resumed);
      await gateway.stop("SIGKILL");
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  get #database(): string {
    return join(this.#home, "state/openclaw.db");
  }

  #start(crashAt = ""): Promise<GatewayProcess> {
    return startAnywhere({
      home: this.#home,
      ...(!existsSync(join(this.#home, "openclaw.toml")) && { config: config(this.#modelUrl) }),
      command: this.#command,
      environment: {
        OPENCLAW_GATEWAY_AUTH_TOKEN: "",
        CRASH_AT: crashAt,
        PLATFORM_URL: this.#platform.url,
      },
    });
  }

  /** Starts it, and waits until it has taken up what a crash left: before that it is healthy, and not everything is open. */
  async #startWhole(): Promise<GatewayProcess> {
    await using stack = new AsyncDisposableStack();
    const gateway = stack.use(await this.#start());
    await until("the end of its start", () => /^(ready|OpenClaw .* listens on)/m.test(gateway.output()));
    stack.move();
    return gateway;
  }

  #checkReady({ startMs, pid }: GatewayProcess): void {
    this.readyMs.push(startMs);
    if (startMs <= mostReadyMs) return;
    const ownMs = cpuMs(pid);
    if (ownMs < mostReadyMs / 4) this.starved.push(startMs);
    else throw new Error(`it was ready only after ${Math.round(startMs)} ms, of which it worked ${ownMs} ms`);
  }

  #target(gateway: GatewayProcess): Target {
    const token = readFileSync(join(this.#home, "state/token"), "utf8").trim();
    const dovecoteUrl = () => {
      const port = /^ready \d+ (\d+)$/m.exec(gateway.output())?.[1];
      return port === undefined ? undefined : `http://127.0.0.1:${port}/`;
    };
    return { url: gateway.url, token, dovecoteUrl };
  }

  async #untilOpen(turns: number, resumed: number): Promise<void> {
    const isSo = () => openTurns(this.#database, resumed) >= turns;
    await until(`${turns} open turns that were taken up ${resumed} times`, isSo, mostSettleMs);
  }

  /** What is still owed after a long while. */
  async #untilSettled(): Promise<string | undefined> {
    const end = performance.now() + mostSettleMs;
    for (;;) {
      const owed = debts(this.#database);
      if (owed.runs + owed.outbox + owed.purges === 0) return undefined;
      if (performance.now() > end) return `it never settled: ${JSON.stringify(owed)}`;
      await Bun.sleep(5);
    }
  }

  #effects(): string[] {
    const file = join(this.#home, "workspace/effects.txt");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  }
}

function config(modelUrl: string): string {
  return `${fakeModelConfig(modelUrl)}\n[sandbox]\nmode = "never"\n`;
}
