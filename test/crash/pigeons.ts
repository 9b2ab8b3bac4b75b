import { type Channel, defineChannel } from "#channels";
import type { Gateway } from "#gateway";

/** What comes in by pigeon: the platform sends it again until it is answered with 200. */
export interface Letter {
  readonly id: string;
  readonly chat: string;
  readonly text: string;
}

/** A platform that takes messages over HTTP, and each key once. */
export function pigeons(platformUrl: string): Channel {
  return defineChannel({
    id: "pigeon",
    label: "Pigeons",
    followsLog: false,
    text: { most: 1_048_576, unit: "bytes" },
    open: async () => ({
      state: "online",
      send: async ({ to, text, clientKey: key }, signal) => {
        const body = JSON.stringify({ chat: to.chat, text, key });
        const response = await fetch(platformUrl, { method: "POST", body, signal });
        if (!response.ok) return { refused: "forNow", problem: `the platform says ${response.status}` };
        return { messageId: await response.text() };
      },
      [Symbol.asyncDispose]: async () => {},
    }),
  });
}

/** Where letters arrive, from those who know the token: answered with 200 when they are taken, and with 503 when they are not. */
export function openDovecote(token: string, receive: Gateway["receive"]) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      if (request.headers.get("authorization") !== token) return new Response(null, { status: 401 });
      const { id, chat, text } = (await request.json()) as Letter;
      const sessionKey = `agent:main:pigeon:default:direct:${chat}`;
      const from = { channel: "pigeon", chat };
      const receipt = await receive({ id, runId: id, sessionKey, from, sender: chat, text });
      return new Response(null, { status: receipt.taken ? 200 : 503 });
    },
  });
  return { port: server.port, [Symbol.dispose]: () => void server.stop(true) };
}
