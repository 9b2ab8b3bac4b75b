import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  type APIMessage,
  GatewayDispatchEvents,
  type RESTPostAPIApplicationCommandsJSONBody,
  type RESTPostAPIChannelMessageJSONBody,
} from "discord-api-types/v10";
import { fileAnswer } from "../file-answer.ts";
import type { FakeGateway } from "./gateway.ts";
import type { Guild } from "./guild.ts";

/** What goes wrong with a request: an answer of its own; a broken line before or after it had its effect. */
export type ApiFault =
  | { readonly status: number; readonly body?: object; readonly headers?: Record<string, string> }
  | "brokenBefore"
  | "brokenAfter"
  | "failsAfter"
  | "hangsAfter";

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly files: readonly { readonly name: string; readonly type: string; readonly text: () => Promise<string> }[];
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const refused = (status: number, code: number, message: string): Answer => ({ status, body: { code, message } });

/** The REST API as far as it is used, with the refusals of the real one. */
export class FakeApi {
  readonly calls: ApiCall[] = [];
  readonly typing: string[] = [];
  /** The slash commands of the application. */
  commands: readonly RESTPostAPIApplicationCommandsJSONBody[] = [];
  /** Ours, by message. */
  readonly reactions = new Map<string, string[]>();
  /** Requests with a token of nobody. */
  strangers = 0;
  readonly acknowledged: { readonly id: string; readonly type: number; readonly at: number }[] = [];
  /** What one person alone was told, in the place of an answer to an interaction. */
  readonly whispers: { readonly id: string; readonly content: string }[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly #guild: Guild;
  readonly #gateway: FakeGateway;
  readonly #token: string;
  readonly #faults: { readonly on: RegExp; readonly fault: ApiFault }[] = [];
  readonly #originals = new Map<string, APIMessage>();
  readonly #nonces = new Map<string, APIMessage>();
  /** The tokens of interactions, with the chat they are of. */
  readonly #interactions = new Map<string, string>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(guild: Guild, gateway: FakeGateway, token: string) {
    this.#guild = guild;
    this.#gateway = gateway;
    this.#token = token;
  }

  async listen(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  /** The next request that looks like this (`POST /channels/1/messages`) goes wrong. */
  fail(on: RegExp, fault: ApiFault, times = 1): void {
    for (let i = 0; i < times; i++) this.#faults.push({ on, fault });
  }

  allow(token: string, chat: string): void {
    this.#interactions.set(token, chat);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").replace(/^\/api\/v10/, "");
    const line = `${request.method} ${path}`;
    const file = this.files.get(path);
    if (file) {
      const { status, headers } = fileAnswer(file);
      return void response.writeHead(status, Object.fromEntries(headers)).end(status === 200 ? file : undefined);
    }
    const call = await read(request, path);
    this.calls.push(call);
    const index = this.#faults.findIndex(({ on }) => on.test(line));
    const fault = index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
    if (fault === "brokenBefore") return void request.socket.destroy();
    if (typeof fault === "object") {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      return void response.end(JSON.stringify(fault.body ?? { code: 0, message: "fault" }));
    }
    const needsToken = !path.startsWith("/webhooks/") && !path.startsWith("/interactions/");
    const isKnown = !needsToken || request.headers.authorization === `Bot ${this.#token}`;
    if (!isKnown) this.strangers++;
    const answer = isKnown ? this.#answer(line.split("?")[0] ?? "", call) : refused(401, 0, "401: Unauthorized");
    if (fault === "brokenAfter") return void request.socket.destroy();
    if (fault === "hangsAfter") return;
    if (fault === "failsAfter") return void response.writeHead(502).end("<html>Bad Gateway</html>");
    response.writeHead(answer.status, answer.body === undefined ? {} : { "content-type": "application/json" });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }

  #answer(line: string, call: ApiCall): Answer {
    for (const [pattern, answer] of this.#routes) {
      const match = pattern.exec(line);
      if (match) return answer(match.slice(1).map(decodeURIComponent), call);
    }
    return refused(404, 0, `404: no such route: ${line}`);
  }

  readonly #routes: readonly (readonly [RegExp, (args: string[], call: ApiCall) => Answer])[] = [
    [
      /^GET \/gateway\/bot$/,
      () => ({
        status: 200,
        body: {
          url: this.#gateway.url,
          shards: 1,
          session_start_limit: { total: 1_000, remaining: 999, reset_after: 0, max_concurrency: 1 },
        },
      }),
    ],
    [/^PUT \/applications\/(\d+)\/commands$/, ([application], { body }) => this.#setCommands(application, body)],
    [/^GET \/users\/@me$/, () => ({ status: 200, body: this.#guild.bot })],
    [
      /^GET \/guilds\/\d+\/members\/(\d+)$/,
      ([user = ""]) => {
        const member = this.#guild.members.get(user);
        return member ? { status: 200, body: member } : refused(404, 10_007, "Unknown Member");
      },
    ],
    [
      /^GET \/channels\/(\d+)$/,
      ([chat = ""]) => {
        const channel = this.#guild.channels.get(chat);
        return channel ? { status: 200, body: channel } : refused(404, 10_003, "Unknown Channel");
      },
    ],
    [
      /^GET \/channels\/(\d+)\/messages$/,
      ([chat = ""], { path }) => {
        const query = new URLSearchParams(path.split("?")[1]);
        const [after, limit] = [query.get("after"), Number(query.get("limit") ?? 50)];
        const all = this.#guild.messages.get(chat);
        if (!all) return refused(404, 10_003, "Unknown Channel");
        const found = after ? all.filter(({ id }) => BigInt(id) > BigInt(after)).slice(0, limit) : all.slice(-limit);
        // Without the nonce: that is told when the message is made, and to the gateway.
        return { status: 200, body: found.toReversed().map(({ nonce: _nonce, ...message }) => message) };
      },
    ],
    [
      /^GET \/channels\/(\d+)\/messages\/(\d+)$/,
      ([chat = "", id = ""]) => {
        const message = this.#find(chat, id);
        return message ? { status: 200, body: message } : refused(404, 10_008, "Unknown Message");
      },
    ],
    [/^POST \/channels\/(\d+)\/messages$/, ([chat = ""], call) => this.#post(chat, call)],
    [
      /^PATCH \/channels\/(\d+)\/messages\/(\d+)$/,
      ([chat = "", id = ""], { body }) => {
        const message = this.#find(chat, id);
        if (!message) return refused(404, 10_008, "Unknown Message");
        if (message.author.id !== this.#guild.bot.id) return refused(403, 50_005, "Cannot edit another's message");
        if (String(body["content"]).length > 2_000) return refused(400, 50_035, "Invalid Form Body");
        message.content = String(body["content"]);
        return { status: 200, body: message };
      },
    ],
    [
      /^DELETE \/channels\/(\d+)\/messages\/(\d+)$/,
      ([chat = "", id = ""]) => {
        const all = this.#guild.messages.get(chat) ?? [];
        const at = all.findIndex((message) => message.id === id);
        if (at < 0) return refused(404, 10_008, "Unknown Message");
        all.splice(at, 1);
        return { status: 204 };
      },
    ],
    [
      /^(PUT|DELETE) \/channels\/(\d+)\/messages\/(\d+)\/reactions\/([^/]+)\/@me$/,
      ([verb, chat = "", id = "", emoji = ""]) => {
        if (!this.#find(chat, id)) return refused(404, 10_008, "Unknown Message");
        const others = (this.reactions.get(id) ?? []).filter((one) => one !== emoji);
        this.reactions.set(id, verb === "PUT" ? [...others, emoji] : others);
        return { status: 204 };
      },
    ],
    [
      /^POST \/channels\/(\d+)\/typing$/,
      ([chat = ""]) => {
        if (!this.#guild.channels.has(chat)) return refused(404, 10_003, "Unknown Channel");
        this.typing.push(chat);
        return { status: 204 };
      },
    ],
    [
      /^POST \/interactions\/(\d+)\/([^/]+)\/callback$/,
      ([id = "", token = ""], { body }) => {
        const chat = this.#interactions.get(token);
        if (chat === undefined) return refused(404, 10_062, "Unknown interaction");
        if (this.acknowledged.some((one) => one.id === id)) return refused(400, 40_060, "Already acknowledged");
        const type = Number(body["type"]);
        this.acknowledged.push({ id, type, at: performance.now() });
        if (type === 5) this.#originals.set(token, this.#guild.write(chat, this.#guild.bot, "thinking…"));
        if (type === 4) this.#answerAtOnce({ id, token, chat }, body["data"] as { content: string; flags?: number });
        return { status: 204 };
      },
    ],
    [
      /^PATCH \/webhooks\/\d+\/([^/]+)\/messages\/(?:@|%40)original$/,
      ([token = ""], { body }) => {
        const original = this.#originals.get(token);
        if (!original) return refused(404, 10_015, "Unknown Webhook");
        original.content = String(body["content"]);
        return { status: 200, body: original };
      },
    ],
    [
      /^DELETE \/webhooks\/\d+\/([^/]+)\/messages\/(?:@|%40)original$/,
      ([token = ""]) => {
        const original = this.#originals.get(token);
        if (!original) return refused(404, 10_008, "Unknown Message");
        const all = this.#guild.messages.get(original.channel_id) ?? [];
        all.splice(all.indexOf(original), 1);
        this.#originals.delete(token);
        return { status: 204 };
      },
    ],
    [
      /^POST \/webhooks\/\d+\/([^/]+)$/,
      ([token = ""], { body }) => {
        const chat = this.#interactions.get(token);
        if (chat === undefined) return refused(404, 10_015, "Unknown Webhook");
        return { status: 200, body: this.#guild.write(chat, this.#guild.bot, String(body["content"])) };
      },
    ],
    [
      /^PATCH \/webhooks\/\d+\/([^/]+)\/messages\/(\d+)$/,
      ([token = "", id = ""], { body }) => {
        const chat = this.#interactions.get(token);
        if (chat === undefined) return refused(404, 10_015, "Unknown Webhook");
        const message = this.#find(chat, id);
        if (!message) return refused(404, 10_008, "Unknown Message");
        message.content = String(body["content"]);
        return { status: 200, body: message };
      },
    ],
  ];

  #answerAtOnce(
    { id, token, chat }: { readonly id: string; readonly token: string; readonly chat: string },
    { content, flags = 0 }: { readonly content: string; readonly flags?: number },
  ): void {
    if ((flags & 64) !== 0) this.whispers.push({ id, content });
    else this.#originals.set(token, this.#guild.write(chat, this.#guild.bot, content));
  }

  #find(chat: string, id: string): APIMessage | undefined {
    return this.#guild.messages.get(chat)?.find((message) => message.id === id);
  }

  #setCommands(application: string | undefined, body: unknown): Answer {
    if (application !== this.#guild.application) return refused(403, 20_012, "Not your application");
    const commands = Object.values(body as object) as RESTPostAPIApplicationCommandsJSONBody[];
    const isFine = commands.every(({ name, ...more }) => {
      const { description = "", options = [] } = more as { description?: string; options?: { description: string }[] };
      return /^[-_a-z0-9]{1,32}$/.test(name) && [{ description }, ...options].every((one) => isDescription(one));
    });
    if (!isFine) return refused(400, 50_035, "Invalid Form Body");
    this.commands = commands;
    return { status: 200, body: commands };
  }

  #post(chat: string, { body, files }: ApiCall): Answer {
    const sent = body as RESTPostAPIChannelMessageJSONBody;
    if (!this.#guild.channels.has(chat)) return refused(404, 10_003, "Unknown Channel");
    if (this.#guild.forbidden.has(chat)) return refused(403, 50_001, "Missing Access");
    if (!sent.content && files.length === 0) return refused(400, 50_006, "Cannot send an empty message");
    if ((sent.content ?? "").length > 2_000) return refused(400, 50_035, "Invalid Form Body");
    if (String(sent.nonce ?? "").length > 25) return refused(400, 50_035, "Invalid Form Body");
    const key = `${chat}:${sent.nonce}`;
    const known = sent.enforce_nonce ? this.#nonces.get(key) : undefined;
    if (known) return { status: 200, body: known };
    const quoted = this.#find(chat, sent.message_reference?.message_id ?? "");
    if (sent.message_reference && !quoted && sent.message_reference.fail_if_not_exists !== false) {
      return refused(400, 50_035, "Unknown message");
    }
    const message = this.#guild.write(chat, this.#guild.bot, sent.content ?? "", {
      ...(sent.nonce !== undefined && { nonce: sent.nonce }),
      ...(quoted && { referenced_message: quoted }),
      ...(sent.components && { components: sent.components }),
    });
    if (sent.nonce !== undefined) this.#nonces.set(key, message);
    const guild = this.#guild.guildOf(chat);
    this.#gateway.dispatch(GatewayDispatchEvents.MessageCreate, { ...message, ...(guild && { guild_id: guild }) });
    return { status: 200, body: message };
  }
}

function isDescription({ description }: { readonly description: string }): boolean {
  return description.length > 0 && description.length <= 100;
}

async function read(request: IncomingMessage, path: string): Promise<ApiCall> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const bytes = Buffer.concat(parts);
  const contentType = request.headers["content-type"] ?? "";
  const method = request.method ?? "";
  if (!contentType.startsWith("multipart/")) {
    return {
      method,
      path,
      body: bytes.length > 0 ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {},
      files: [],
    };
  }
  const form = await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  const json = form.get("payload_json");
  if (typeof json !== "string") throw new Error("a form without payload_json");
  const files = [...form.values()].flatMap((value) => {
    if (typeof value === "string") return [];
    const { name, type } = value as Blob & { readonly name: string };
    return [{ name, type, text: () => (value as Blob).text() }];
  });
  return { method, path, body: JSON.parse(json) as Record<string, unknown>, files };
}
