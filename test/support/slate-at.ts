import type { Connection, SendRefusal } from "#channels";
import type { Line } from "#gateway";
import { growByEditing } from "../../src/channels/grow-by-editing.ts";
import { pigeon } from "./fake-channel.ts";

type Message = Parameters<Connection["send"]>[0];
type Call =
  | { readonly verb: "send"; readonly message: Message }
  | { readonly verb: "edit"; readonly messageId: string; readonly text: string }
  | { readonly verb: "delete"; readonly messageId: string }
  | { readonly verb: "find"; readonly clientKey: string };

const never = new AbortController().signal;
const to = { channel: "pigeon", chat: "c1" };

/** A platform for other processes. */
export function serveSlate({ connection }: Line): { readonly url: string } & AsyncDisposable {
  const run = (call: Call) => {
    if (call.verb === "send") return connection.send(call.message, never);
    if (call.verb === "edit") return connection.edit?.({ to, messageId: call.messageId }, call.text, never);
    if (call.verb === "delete") return connection.delete?.({ to, messageId: call.messageId }, never);
    return connection.find?.({ to, clientKey: call.clientKey }, never);
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => Response.json({ answer: await run((await request.json()) as Call) }),
  });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** The line to it, from wherever. */
export function slateAt(url: string): Line {
  const ask = async <T>(call: Call, signal: AbortSignal): Promise<T> => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(call), signal });
    return ((await response.json()) as { answer: T }).answer;
  };
  const ways: Required<Pick<Connection, "send" | "edit">> = {
    send: (message, signal) => ask({ verb: "send", message }, signal),
    edit: ({ messageId }, text, signal) => ask<SendRefusal | undefined>({ verb: "edit", messageId, text }, signal),
  };
  return {
    channel: { ...pigeon, growEveryMs: 1 },
    account: "default",
    settings: { streaming: "partial" },
    connection: {
      state: "online",
      ...ways,
      grow: (step, signal) => growByEditing(ways, step, signal),
      delete: ({ messageId }, signal) => ask({ verb: "delete", messageId }, signal),
      find: ({ clientKey }, signal) => ask({ verb: "find", clientKey }, signal),
      [Symbol.asyncDispose]: async () => {},
    },
  };
}
