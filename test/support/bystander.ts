import { join } from "node:path";
import { until } from "./until.ts";

export interface Pings {
  readonly count: number;
  readonly worstMs: number;
}

/** Another client of the gateway, which pings all the time: what it notices of an attack is what everybody notices. */
export interface Bystander extends AsyncDisposable {
  /** How its pings fared while `work` was done. Rejects when its connection was lost. */
  during(work: () => Promise<unknown>): Promise<Pings>;
}

export async function startBystander(socketUrl: string): Promise<Bystander> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "pinger.ts"), socketUrl], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines: string[] = [];
  const reading = read(child.stdout, lines);

  async function tell(order: "report" | "reset"): Promise<Pings> {
    const said = lines.length;
    await child.stdin.write(`${order}\n`);
    await child.stdin.flush();
    const line = await until(`the ${order} of the bystander`, async () => {
      if (child.exitCode !== null) throw new Error(`the bystander has gone: ${await child.stderr.text()}`);
      return lines[said];
    });
    return JSON.parse(line) as Pings;
  }

  await until("the first ping", async () => (await tell("report")).count > 0);
  return {
    during: async (work) => {
      await tell("reset");
      await work();
      return tell("report");
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
      await reading;
    },
  };
}

async function read(stream: ReadableStream<Uint8Array>, into: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    into.push(...parts);
  }
}
