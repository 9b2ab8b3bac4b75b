import type { WebhookRequest } from "#channels";
import { type Args, methodsOf } from "./fake-slack/methods.ts";
import { type Delivery, FakeSocketMode } from "./fake-slack/socket-mode.ts";
import { fileAnswer } from "./file-answer.ts";
import { ResponseUrls } from "./fake-slack/response-urls.ts";
import { type FakeMessage, Refused, World } from "./fake-slack/world.ts";

export type { Delivery } from "./fake-slack/socket-mode.ts";

/** What goes wrong with a call; `after`: it has done its work when it goes wrong. */
export type Fault =
  | { readonly status: number; readonly retryAfterSeconds?: number; readonly after?: boolean }
  | { readonly error: string }
  | { readonly cut: "before" | "after" }
  | { readonly hang: "before" | "after" };

export interface AskedCall {
  readonly method: string;
  readonly args: Args;
}

/** A workspace of Slack on a free port: its Web API, its files, and Socket Mode. */
export class FakeSlack implements AsyncDisposable {
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
  readonly world = new World();
  readonly asked: AskedCall[] = [];
  readonly responses = new ResponseUrls(this.world);
  readonly socket: FakeSocketMode;
  /** Who came with which token: the host's own log. */
  readonly downloads: { readonly path: string; readonly token: string | null }[] = [];
  /** Calls with a token of nobody. */
  strangers = 0;
  /** Where it says that its files lie, when that is elsewhere. */
  named: string | undefined;
  readonly #faults = new Map<string, Fault[]>();
  readonly #server;

  /** Apps of different names have different tokens. */
  constructor({ ackMs = 150, name = "token" }: { readonly ackMs?: number; readonly name?: string } = {}) {
    this.botToken = `xoxb-fake-bot-${name}`;
    this.appToken = `xapp-fake-app-${name}`;
    this.socket = new FakeSocketMode(ackMs);
    const socket = this.socket;
    const methods = methodsOf(this.world, {
      origin: () => this.named ?? this.origin,
      socketUrl: () => `${this.origin.replace("http", "ws")}/link?ticket=${socket.ticket()}`,
    });
    this.#server = Bun.serve<{ isGreeted: boolean }>({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      development: false,
      fetch: (request, server) => {
        const url = new URL(request.url);
        if (url.pathname === "/link") {
          if (!socket.admits(url.searchParams.get("ticket"))) return new Response("bad ticket", { status: 403 });
          return server.upgrade(request, { data: { isGreeted: false } })
            ? undefined
            : new Response("", { status: 400 });
        }
        if (url.pathname.startsWith("/commands/")) return this.#respond(url.pathname, request);
        if (url.pathname.startsWith("/upload/")) return this.#upload(url, request);
        if (url.pathname.startsWith("/files/")) return this.#download(url, request);
        return this.#call(url.pathname.replace("/api/", ""), methods, request);
      },
      websocket: { ...socket.handler, sendPings: false },
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  get apiUrl(): string {
    return `${this.origin}/api/`;
  }

  /** The next calls of the method go wrong, one after the other. */
  fail(method: string, ...faults: Fault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  calls(method: string): Args[] {
    return this.asked.filter((call) => call.method === method).map(({ args }) => args);
  }

  messages(chat: string): readonly FakeMessage[] {
    return this.world.chat(chat).messages;
  }

  /** Somebody writes: the message is there, and the event is on its way. */
  say(
    text: string,
    options: Readonly<Record<string, unknown>> = {},
  ): { readonly ts: string; readonly delivery: Delivery } {
    const event = this.message(text, options);
    return { ts: event.ts, delivery: this.deliver(event) };
  }

  /** The event of a message that somebody writes. */
  message(text: string, options: Readonly<Record<string, unknown>> = {}): { ts: string; [name: string]: unknown } {
    const ts = this.world.nextTs();
    const event = {
      type: "message",
      channel: "C1",
      channel_type: "channel",
      user: "U1",
      text,
      ts,
      event_ts: ts,
      ...options,
    };
    const { user = "U1" }: { user?: unknown } = options;
    this.world.chat(event.channel).messages.push({ ts, text, user: String(user), reactions: [] });
    return event;
  }

  deliver(event: object): Delivery {
    return this.socket.deliver("events_api", this.eventBody(event));
  }

  eventBody(event: object): object {
    return {
      type: "event_callback",
      token: "legacy",
      team_id: this.world.me.team,
      api_app_id: "A1",
      event,
      event_id: `Ev${crypto.randomUUID()}`,
      event_time: 1_700_000_000,
      authorizations: [
        { team_id: this.world.me.team, user_id: this.world.me.user, is_bot: true, is_enterprise_install: false },
      ],
    };
  }

  /** What Slack posts in the mode `http`, signed. */
  request(
    body: string,
    {
      secret = this.signingSecret,
      atMs = Date.now(),
      type = "application/json",
      headers = {},
    }: {
      readonly secret?: string;
      readonly atMs?: number;
      readonly type?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): WebhookRequest {
    const timestamp = String(Math.floor(atMs / 1000));
    const signature = new Bun.CryptoHasher("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
    return {
      method: "POST",
      path: "",
      headers: new Headers({
        "content-type": type,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": `v0=${signature}`,
        ...headers,
      }),
      body: new TextEncoder().encode(body),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.#server.stop(true);
  }

  async #call(
    method: string,
    methods: Readonly<Record<string, (args: Args) => object>>,
    request: Request,
  ): Promise<Response> {
    const args = Object.fromEntries(new URLSearchParams(await request.text()));
    this.asked.push({ method, args });
    const fault = this.#faults.get(method)?.shift();
    if (fault && "hang" in fault && fault.hang === "before") return new Promise(() => {});
    if (fault && "cut" in fault && fault.cut === "before") return cut();
    if (fault && "error" in fault) return Response.json({ ok: false, error: fault.error });
    if (fault && "status" in fault && !fault.after) return failing(fault);
    const answer = this.#answer(method, methods, request, args);
    if (fault && "hang" in fault) return new Promise(() => {});
    if (fault && "cut" in fault) return cut();
    if (fault && "status" in fault) return failing(fault);
    return Response.json(answer);
  }

  #answer(
    method: string,
    methods: Readonly<Record<string, (args: Args) => object>>,
    request: Request,
    args: Args,
  ): object {
    const token = request.headers.get("authorization")?.replace("Bearer ", "");
    if (token !== (method === "apps.connections.open" ? this.appToken : this.botToken)) {
      this.strangers++;
      return { ok: false, error: token ? "invalid_auth" : "not_authed" };
    }
    const run = methods[method];
    if (!run) return { ok: false, error: "unknown_method" };
    try {
      return run(args);
    } catch (error) {
      if (error instanceof Refused) return { ok: false, error: error.code };
      throw error;
    }
  }

  /** Its faults are those of `response_url`. */
  async #respond(path: string, request: Request): Promise<Response> {
    const fault = this.#faults.get("response_url")?.shift();
    if (fault && "status" in fault && !fault.after) return failing(fault);
    const answer = await this.responses.answer(path, request);
    return fault ? cut() : answer;
  }

  async #upload(url: URL, request: Request): Promise<Response> {
    const file = this.world.files.get(url.pathname.replace("/upload/", ""));
    if (!file) return new Response("no such upload", { status: 404 });
    file.bytes = await bytesOf(request);
    return new Response(`OK - ${file.bytes.length}`);
  }

  #download(url: URL, request: Request): Response {
    this.downloads.push({ path: url.pathname, token: request.headers.get("authorization") });
    if (request.headers.get("authorization") !== `Bearer ${this.botToken}`) {
      return new Response("<html>sign in</html>", { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    const file = this.world.files.get(url.pathname.replace("/files/", ""));
    return file ? fileAnswer(file.bytes) : new Response("", { status: 404 });
  }
}

/** The library posts a file as a form's only part. */
async function bytesOf(request: Request): Promise<Uint8Array> {
  if (!request.headers.get("content-type")?.startsWith("multipart/form-data")) return request.bytes();
  const [part] = [...(await request.formData()).values()];
  return part instanceof Blob ? part.bytes() : new Uint8Array();
}

function failing({
  status,
  retryAfterSeconds,
}: {
  readonly status: number;
  readonly retryAfterSeconds?: number;
}): Response {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return Response.json({ ok: false, error: status === 429 ? "ratelimited" : "internal_error" }, { status, headers });
}

/** The connection breaks before the answer is whole. */
function cut(): Response {
  return new Response(
    new ReadableStream({
      async pull(controller) {
        await Bun.sleep(1);
        controller.error(new Error("cut"));
      },
    }),
  );
}
