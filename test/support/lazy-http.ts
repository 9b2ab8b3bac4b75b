/** Run as a process: prints which of the heavy packages were loaded after each step. */
import { openHttp } from "./open-http.ts";

const http = await openHttp();
const seen: Record<string, string[]> = { started: loaded() };
await http.ask("/health");
seen["probed"] = loaded();
const socket = new WebSocket(`ws://127.0.0.1:${http.server.port}/ws`);
await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
seen["connected"] = loaded();
await http.get("/status");
seen["called"] = loaded();
await http.ask("/docs");
seen["read"] = loaded();
await http.server.stop(0);
await Bun.write(Bun.stdout, JSON.stringify(seen));

function loaded(): string[] {
  const paths = Object.keys(require.cache);
  return ["@elysiajs/swagger", "elysia"].filter((name) =>
    paths.some((path) => path.includes(`/node_modules/${name}/`)),
  );
}
