import type { ApiMethods, Update, UserFromGetMe } from "grammy/types";
import { Chats, checkButtons, checkText, type FakeChat, type Shown } from "./fake-telegram/chats.ts";
import { Refusal } from "./fake-telegram/refusal.ts";
import { BadRequest, type Call, isMethod, type Method, readCall, type Upload } from "./fake-telegram/request.ts";
import { fileAnswer } from "./file-answer.ts";
import { Updates } from "./fake-telegram/updates.ts";

/** What goes wrong with one call. `lostAnswer`, `failsAfter`, `hangsAfter`: it is done, and nobody is told. The others: it is not done. */
export type Trouble =
  | Refusal
  | "lostAnswer"
  | "failsAfter"
  | "hangsAfter"
  | "reset"
  | "hang"
  | { readonly status: number; readonly body: string };

export { Refusal } from "./fake-telegram/refusal.ts";
export type { Shown } from "./fake-telegram/chats.ts";

export const me = {
  id: 4_711,
  is_bot: true,
  first_name: "Molty",
  username: "molty_bot",
} as const satisfies Partial<UserFromGetMe>;

/**
 * A Bot API on a free port, for one bot. It keeps what a Telegram keeps: chats with messages, updates until they are
 * acknowledged, files. Requests with fields that the API does not have are refused, and named when it is closed.
 */
export class FakeTelegram implements AsyncDisposable {
  readonly token: string;
  readonly updates: Updates;
  readonly chats = new Chats();
  readonly calls: Call[] = [];
  /** What people see behind the menu button, by scope. */
  readonly menus = new Map<string, readonly { readonly command: string; readonly description: string }[]>();
  readonly #files = new Map<string, { readonly path: string; readonly bytes: Uint8Array; readonly size?: number }>();
  readonly #troubles = new Map<Method, Trouble[]>();
  readonly #mistakes: string[] = [];
  readonly #stop = new AbortController();
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #calling: Promise<void>;
  /** Requests with a token of nobody. */
  strangers = 0;

  /** Bots of different names have different tokens. */
  constructor({ port = 0, firstUpdate = 700_000, name = "abcd" } = {}) {
    this.token = `${me.id}:AAfake-token_of_a_test_0123456789${name}`;
    this.updates = new Updates(firstUpdate);
    this.#server = Bun.serve({
      port,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      development: false,
      maxRequestBodySize: 256 * 1024 * 1024,
      fetch: (request) => this.#answer(request),
    });
    this.#calling = this.updates.callOut(this.#stop.signal);
    this.put({ chat: { id: 42, type: "private", first_name: "Ada" } });
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  put(chat: FakeChat): void {
    this.chats.put(chat);
  }

  /** The next calls of this method, one each, come to this. */
  trouble(method: Method, ...troubles: readonly Trouble[]): void {
    this.#troubles.set(method, [...(this.#troubles.get(method) ?? []), ...troubles]);
  }

  file(id: string, bytes: Uint8Array, told: { readonly path?: string; readonly size?: number } = {}): void {
    this.#files.set(id, { path: `files/${id}.bin`, bytes, ...told });
  }

  callsOf(method: Method): readonly Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** Somebody writes to the bot in their own chat with it. */
  says(text: string, more: object = {}): number {
    return this.updates.add({ message: this.#messageOf(text, more) as unknown as NonNullable<Update["message"]> });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server.stop(true);
    await this.#calling;
    if (this.#mistakes.length > 0)
      throw new Error(`requests that the Bot API does not know: ${this.#mistakes.join("; ")}`);
  }

  #messageOf(text: string, more: object) {
    const ada = { id: 42, is_bot: false, first_name: "Ada", last_name: "L", username: "ada" };
    const chat = { id: 42, type: "private", first_name: "Ada" };
    return { message_id: 7, date: 1_790_000_000, chat, from: ada, text, ...more };
  }

  async #answer(request: Request): Promise<Response> {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (path.startsWith(`/file/bot${this.token}/`)) return this.#fileAt(path.slice(`/file/bot${this.token}/`.length));
    const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (token !== this.token) {
      this.strangers++;
      return new Refusal(401, "Unauthorized").toResponse();
    }
    if (!isMethod(method)) {
      this.#mistakes.push(`no method ${method}`);
      return new Refusal(404, "Not Found").toResponse();
    }
    try {
      return await this.#troubled(await readCall(method, request), request.signal);
    } catch (error) {
      if (error instanceof Refusal) return error.toResponse();
      if (error instanceof BadRequest) this.#mistakes.push(error.message);
      return new Refusal(400, `Bad Request: ${String(error)}`).toResponse();
    }
  }

  async #troubled(call: Call, left: AbortSignal): Promise<Response> {
    this.calls.push(call);
    const trouble = this.#troubles.get(call.method)?.shift();
    if (trouble instanceof Refusal) throw trouble;
    if (trouble === "reset") return cutOff();
    if (trouble === "hang") return hang(left);
    if (typeof trouble === "object") return new Response(trouble.body, { status: trouble.status });
    const result = await this.#do(call, left);
    if (trouble === "failsAfter") return new Response("<html>Bad Gateway</html>", { status: 502 });
    if (trouble === "hangsAfter") return hang(left);
    return trouble === "lostAnswer" ? cutOff() : Response.json({ ok: true, result });
  }

  #do({ fields, method }: Call, left: AbortSignal): unknown {
    const { chats } = this;
    switch (method) {
      case "getMe":
        return me satisfies Partial<ReturnType<ApiMethods["getMe"]>>;
      case "getUpdates":
        return this.updates.poll(fields, left);
      case "deleteWebhook":
        this.updates.setWebhook(undefined);
        return true;
      case "setWebhook":
        this.updates.setWebhook({ url: fields["url"] as string, secret: fields["secret_token"] as string });
        return true;
      case "sendMessage":
        if (String(fields["text"]).trim() === "") throw new Refusal(400, "Bad Request: message text is empty");
        checkText(fields["text"], fields["entities"], 4_096);
        return sent(this.#show(fields, {}));
      case "sendPhoto":
      case "sendDocument":
      case "sendVoice":
      case "sendAudio":
      case "sendVideo": {
        const as = method.slice("send".length).toLowerCase();
        const file = fields[as] as Upload;
        if (as === "voice" && file.name.includes("unwanted"))
          throw new Refusal(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN");
        if (as === "photo" && file.name.includes("panorama"))
          throw new Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
        checkText(fields["caption"], fields["caption_entities"], 1_024);
        return sent(this.#show(fields, { files: [{ ...file, as }] }));
      }
      case "sendMediaGroup": {
        const media = fields["media"] as readonly { type: string; media: Upload; caption?: string }[];
        if (media.length < 2 || media.length > 10) throw new Refusal(400, "Bad Request: wrong number of media");
        const kinds = new Set(media.map(({ type }) => (type === "video" ? "photo" : type)));
        if (kinds.size > 1) throw new Refusal(400, "Bad Request: media of these types can't be mixed");
        const group = crypto.randomUUID();
        return media.map(({ caption, media: file, type }) =>
          sent(this.#show({ ...fields, caption }, { files: [{ ...file, as: type }], group })),
        );
      }
      case "sendMessageDraft":
        if (chats.find(fields["chat_id"], fields["message_thread_id"]).chat.type !== "private") {
          throw new Refusal(400, "Bad Request: TEXTDRAFT_PEER_INVALID");
        }
        if (fields["draft_id"] === 0) throw new Refusal(400, "Bad Request: draft_id must be non-zero");
        checkText(fields["text"], fields["entities"], 4_096);
        chats.drafts.push({
          chat: fields["chat_id"] as number,
          id: fields["draft_id"] as number,
          text: String(fields["text"]),
          ...(fields["message_thread_id"] === undefined ? {} : { thread: fields["message_thread_id"] as number }),
        });
        return true;
      case "sendChatAction":
        chats.find(fields["chat_id"], fields["message_thread_id"]);
        chats.actions.push({ chat: fields["chat_id"] as number, action: String(fields["action"]) });
        return true;
      case "editMessageText":
        return this.#edit(fields, "text");
      case "editMessageCaption":
        return this.#edit(fields, "caption");
      case "deleteMessage":
        chats.find(fields["chat_id"]);
        if (!chats.remove(fields["chat_id"], fields["message_id"])) {
          throw new Refusal(400, "Bad Request: message to delete not found");
        }
        return true;
      case "setMessageReaction":
        chats.find(fields["chat_id"]);
        chats.reactions.set(
          `${fields["chat_id"] as number}/${fields["message_id"] as number}`,
          fields["reaction"] as [],
        );
        return true;
      case "setMyCommands":
        return this.#setMenu(fields, fields["commands"] as []);
      case "deleteMyCommands":
        return this.#setMenu(fields, []);
      case "answerCallbackQuery":
        return true;
      case "getFile": {
        const file = this.#files.get(fields["file_id"] as string);
        if (!file) throw new Refusal(400, "Bad Request: invalid file_id");
        return { file_id: fields["file_id"], file_unique_id: "u", file_size: file.size, file_path: file.path };
      }
    }
  }

  #setMenu({ scope }: Call["fields"], commands: readonly { command: string; description: string }[]): true {
    for (const { command, description } of commands) {
      if (!/^[a-z0-9_]{1,32}$/.test(command)) throw new Refusal(400, "Bad Request: BOT_COMMAND_INVALID");
      if (description === "" || description.length > 256) throw new Refusal(400, "Bad Request: wrong description");
    }
    this.menus.set((scope as { type: string } | undefined)?.type ?? "default", commands);
    return true;
  }

  #show(fields: Call["fields"], more: Partial<Shown>): Shown {
    const { caption, caption_entities: below, chat_id: chat, entities, message_thread_id: thread, text } = fields;
    this.chats.find(chat, thread);
    const reply = fields["reply_parameters"] as { message_id: number } | undefined;
    const buttons = checkButtons(fields["reply_markup"]);
    const said = (text ?? caption) as string | undefined;
    return this.chats.show({
      chat: chat as number,
      ...(thread === undefined ? {} : { thread: thread as number }),
      ...(said === undefined ? {} : { text: said.trim() }),
      ...((entities ?? below) ? { entities: (entities ?? below) as [] } : {}),
      ...(reply ? { replyTo: reply.message_id } : {}),
      ...(buttons ? { buttons } : {}),
      ...more,
    });
  }

  #edit(fields: Call["fields"], what: "text" | "caption"): unknown {
    this.chats.find(fields["chat_id"]);
    const message = this.chats.get(fields["chat_id"], fields["message_id"]);
    if (!message) throw new Refusal(400, "Bad Request: message to edit not found");
    if (what === "text" && message.files)
      throw new Refusal(400, "Bad Request: there is no text in the message to edit");
    const text = String(fields[what]);
    const entities = (fields[what === "text" ? "entities" : "caption_entities"] ?? []) as [];
    checkText(text, entities, what === "text" ? 4_096 : 1_024);
    if (message.text === text) {
      throw new Refusal(400, "Bad Request: message is not modified: specified new message content is the same");
    }
    const { buttons: _, ...kept } = message;
    this.chats.change({ ...kept, text, entities });
    return sent(message);
  }

  #fileAt(path: string): Response {
    const file = [...this.#files.values()].find((one) => one.path === path);
    return file ? fileAnswer(file.bytes) : new Refusal(404, "Not Found").toResponse();
  }
}

function sent({ chat, id }: Shown) {
  return { message_id: id, date: 1_790_000_000, chat: { id: chat } };
}

async function hang(left: AbortSignal): Promise<Response> {
  await new Promise((resolve) => left.addEventListener("abort", resolve));
  return cutOff();
}

/** An answer that breaks off. */
function cutOff(): Response {
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(Buffer.from('{"ok":'));
      await Bun.sleep(1);
      controller.error(new Error("cut, as the test says"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}
