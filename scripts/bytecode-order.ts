import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const answer = { choices: [{ delta: { content: "Hello." }, finish_reason: "stop" }] };
const longestWaitMs = 20_000;

/**
 * Lets an executable start, answer one message and stop, and returns the file in `folder` that names the functions this
 * took, in their order. A build that knows them lays their bytecode together, and idles with 2 MB less in memory.
 */
export async function recordBytecodeOrder(executable: string, folder: string): Promise<string> {
  const order = join(folder, "bytecode.order");
  using model = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      new Response(`data: ${JSON.stringify(answer)}\n\ndata: [DONE]\n\n`, {
        headers: { "content-type": "text/event-stream" },
      }),
  });
  const home = await makeHome(folder, `http://127.0.0.1:${model.port}/v1`);
  const env = { HOME: home, OPENCLAW_HOME: home };
  const gateway = Bun.spawn([executable, "gateway", "run", "--port", "0"], {
    env: { ...env, BUN_BYTECODE_ORDER_OUT: order },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: longestWaitMs,
    killSignal: "SIGKILL",
  });
  const client = await oneAnswer(gateway.stdout, async (address) => {
    try {
      await fetch(`http://${address}/health`, { signal: AbortSignal.timeout(longestWaitMs) });
      const chat = Bun.spawn(
        [executable, "chat", "--url", `ws://${address}`, "--token-file", join(home, "state/token"), "-m", "hello"],
        { env, stdin: "ignore", stdout: "ignore", stderr: "inherit", timeout: longestWaitMs },
      );
      return await chat.exited;
    } finally {
      gateway.kill("SIGTERM");
    }
  });
  const exitCode = await gateway.exited;
  if (client !== 0 || exitCode !== 0 || !(await Bun.file(order).exists()))
    throw new Error(`the new executable does not work: gateway run ended with ${exitCode}, chat with ${client}`);
  return order;
}

async function makeHome(folder: string, modelUrl: string): Promise<string> {
  const home = join(folder, "home");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const settings = `
[agents.defaults.model]
primary = "local/model"

[models.providers.local]
api = "openai-completions"
base_url = "${modelUrl}"
`;
  await writeFile(join(home, "openclaw.toml"), settings, { mode: 0o600 });
  return home;
}

/** Reads what a gateway says until it ends; asks it once, as soon as it has said where it listens. */
async function oneAnswer(
  output: ReadableStream<Uint8Array>,
  ask: (address: string) => Promise<number>,
): Promise<number | undefined> {
  const decoder = new TextDecoder();
  let said = "";
  let asked: Promise<number> | undefined;
  for await (const bytes of output) {
    said += decoder.decode(bytes, { stream: true });
    const address = /listens on http:\/\/(\S+)\n/.exec(said)?.[1];
    if (address !== undefined) asked ??= ask(address);
  }
  return asked;
}
