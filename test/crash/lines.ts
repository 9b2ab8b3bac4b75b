import type { Letter } from "./pigeons.ts";

/** Where one gateway process is reached. */
export interface Target {
  readonly url: string;
  readonly token: string;
  /** Undefined until it has said where its dovecote is. */
  readonly dovecoteUrl: () => string | undefined;
}

/** A way to ask the gateway; rejects when it refuses, and when it is gone. */
export interface Line extends Disposable {
  ask(method: string, params: object): Promise<unknown>;
}

/** Refused in words: the gateway lives, and has not taken it. */
export class Refused extends Error {
  override readonly name = "Refused";
}

interface Answer {
  readonly id?: unknown;
  readonly type?: string;
  readonly event?: string;
  readonly ok?: boolean;
  readonly result?: unknown;
  readonly payload?: unknown;
  readonly error?: { readonly message: string };
}

/** A socket that speaks either dialect. */
export async function openLine(target: Target, dialect: "jsonrpc" | "openclaw"): Promise<Line> {
  const headers = dialect === "jsonrpc" ? { authorization: `Bearer ${target.token}` } : {};
  const socket = new WebSocket(`${target.url.replace("http", "ws")}/ws`, { headers });
  const waiting = new Map<string, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => undefined); // whoever waits then hears of it
  let next = 1;
  // Whoever brings a token with the first request is not asked who it is.
  if (dialect === "jsonrpc") socket.addEventListener("open", () => ready.resolve());
  socket.addEventListener("close", () => gone.reject(new Error("the line is cut")));
  socket.addEventListener("error", () => gone.reject(new Error("the line is cut")));
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.event === "connect.challenge") ready.resolve();
    const asked = waiting.get(String(answer.id));
    if (!asked) return;
    waiting.delete(String(answer.id));
    if (answer.error) asked.reject(new Refused(answer.error.message));
    else asked.resolve(answer.result ?? answer.payload);
  });
  const ask = (method: string, params: object) => {
    const id = String(next++);
    const asked = Promise.withResolvers<unknown>();
    waiting.set(id, asked);
    const head = dialect === "jsonrpc" ? { jsonrpc: "2.0" } : { type: "req" };
    socket.send(JSON.stringify({ ...head, id, method, params }));
    return Promise.race([asked.promise, gone.promise]);
  };
  await Promise.race([ready.promise, gone.promise]);
  if (dialect === "openclaw") {
    const client = { id: "gateway-client", mode: "backend", version: "1", platform: "linux" };
    const auth = { token: target.token };
    const scopes = ["operator.admin", "operator.read", "operator.write"];
    await ask("connect", { minProtocol: 4, maxProtocol: 4, role: "operator", scopes, client, auth });
  }
  return { ask, [Symbol.dispose]: () => socket.close() };
}

export function httpLine({ url, token }: Target): Line {
  return {
    async ask(method, params) {
      const response = await fetch(`${url}/rpc`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      const { error, result } = (await response.json()) as Answer;
      if (error) throw new Refused(error.message);
      return result;
    },
    [Symbol.dispose]: () => {},
  };
}

/** By pigeon: taken when the dovecote says so. It is this gateway's own, or it refuses: ports are used again. */
export async function sendLetter({ dovecoteUrl, token }: Target, letter: Letter): Promise<void> {
  const url = dovecoteUrl();
  if (url === undefined) throw new Refused("the dovecote is not open yet");
  const headers = { authorization: token };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(letter) });
  if (!response.ok) throw new Refused(`the dovecote says ${response.status}`);
}
