/**
 * Run as a process of its own, so that nothing the test does delays it: pings the gateway of its arguments one call after
 * the other, and for each line on its standard input says how many answers came since the last and how long the slowest took.
 */
import { SocketClient } from "./socket-client.ts";

const [url = ""] = process.argv.slice(2);
const client = await SocketClient.open(url);
const since = { count: 0, worstMs: 0 };

void client.closed.then(({ code, reason }) => {
  process.stderr.write(`the pinger lost its connection: ${code} ${reason}\n`);
  process.exit(1);
});

void report();
for (;;) {
  const begin = performance.now();
  await client.call("ping");
  since.count++;
  since.worstMs = Math.max(since.worstMs, performance.now() - begin);
  await Bun.sleep(1);
}

async function report(): Promise<void> {
  for await (const line of console) {
    if (line === "reset") Object.assign(since, { count: 0, worstMs: 0 });
    process.stdout.write(`${JSON.stringify(since)}\n`);
  }
  process.exit(0);
}
