/**
 * The floor: what a bare Bun server needs for the same wire, without anything that a gateway is for. No log, no sessions,
 * no tools, no checks: a turn is one streamed call of the model. Compiled like the gateway, so that the two compare.
 */
const port = Number(Bun.argv.at(-1));
const model = Bun.env["FLOOR_MODEL_URL"] ?? "";

const system = "You are a helpful assistant. ".repeat(40);

async function turn(message: string): Promise<string> {
  const response = await fetch(`${model}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "fake-1",
      stream: true,
      messages: [
        { role: "system", content: system },
        { role: "user", content: message },
      ],
    }),
  });
  let text = "";
  for (const line of (await response.text()).split("\n")) {
    if (line.startsWith("data: {")) text += JSON.parse(line.slice(6)).choices?.[0]?.delta?.content ?? "";
  }
  return text;
}

Bun.serve({
  port,
  hostname: "127.0.0.1",
  fetch(request, server) {
    if (server.upgrade(request)) return undefined;
    return Response.json({ status: "healthy", ok: true });
  },
  websocket: {
    async message(socket, text) {
      const { id, method, params } = JSON.parse(String(text));
      const runId = params.idempotencyKey ?? "run";
      const result = method === "chat.send" ? { runId, status: "started" } : { ok: true };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
      if (method !== "chat.send") return;
      const message = { role: "assistant", content: [{ type: "text", text: await turn(params.message) }] };
      const event = { sessionKey: params.sessionKey, runId, state: "final", message };
      socket.send(JSON.stringify({ jsonrpc: "2.0", method: "chat", params: event }));
    },
  },
});

process.stdout.write(`ready ${port}\n`);
