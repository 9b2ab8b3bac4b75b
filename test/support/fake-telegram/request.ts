import type { ApiMethods, Opts } from "grammy/types";

/** A `!` says that the field must be there. */
type Kind = "id" | "number" | "text" | "json" | "file" | "id!" | "number!" | "text!" | "json!" | "file!";

const place = { chat_id: "id!", message_thread_id: "number" } as const;
const answering = { ...place, reply_parameters: "json", reply_markup: "json" } as const;
const captioned = { ...answering, caption: "text", caption_entities: "json" } as const;

/** The fields of the methods that are used; the library's types check their names. */
const methods = {
  getMe: {},
  deleteWebhook: { drop_pending_updates: "text" },
  setWebhook: {
    url: "text!",
    secret_token: "text",
    max_connections: "number",
    allowed_updates: "json",
  },
  getUpdates: { offset: "number", limit: "number", timeout: "number", allowed_updates: "json" },
  sendMessage: { ...answering, text: "text!", entities: "json" },
  sendPhoto: { ...captioned, photo: "file!" },
  sendDocument: { ...captioned, document: "file!" },
  sendVoice: { ...captioned, voice: "file!" },
  sendAudio: { ...captioned, audio: "file!" },
  sendVideo: { ...captioned, video: "file!" },
  sendMediaGroup: { ...place, media: "json!", reply_parameters: "json" },
  sendMessageDraft: {
    chat_id: "number!",
    message_thread_id: "number",
    draft_id: "number!",
    text: "text",
    entities: "json",
  },
  sendChatAction: { ...place, action: "text!" },
  editMessageText: { chat_id: "id", message_id: "number", text: "text!", entities: "json" },
  editMessageCaption: { chat_id: "id", message_id: "number", caption: "text", caption_entities: "json" },
  deleteMessage: { chat_id: "id!", message_id: "number!" },
  setMyCommands: { commands: "json!", scope: "json" },
  deleteMyCommands: { scope: "json" },
  setMessageReaction: { chat_id: "id!", message_id: "number!", reaction: "json" },
  answerCallbackQuery: { callback_query_id: "text!" },
  getFile: { file_id: "text!" },
} as const satisfies { readonly [M in keyof ApiMethods]?: { readonly [F in keyof Opts<M>]?: Kind } };

export type Method = keyof typeof methods;

/** A file of a request, and what it is called there. */
export interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Call {
  readonly method: Method;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class BadRequest extends Error {}

export function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name);
}

/** Reads a request in either of the shapes that the API takes, and refuses fields that the method does not have. */
export async function readCall(method: Method, request: Request): Promise<Call> {
  const isForm = request.headers.get("content-type")?.startsWith("multipart/form-data") === true;
  const raw = isForm ? await readForm(request) : await readJson(request);
  const kinds: Readonly<Record<string, Kind>> = methods[method];
  const uploads = new Map(Object.entries(raw).filter(([, value]) => value instanceof File));
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value instanceof File) continue;
    const kind = kinds[name];
    if (!kind) throw new BadRequest(`${method} has no field ${name}`);
    fields[name] = await attached(typed(kind, value, `${method}.${name}`), uploads);
  }
  for (const [name, kind] of Object.entries(kinds)) {
    if (kind.endsWith("!") && fields[name] === undefined) throw new BadRequest(`${method}.${name} is missing`);
  }
  return { method, fields };
}

function typed(kind: Kind, value: unknown, where: string): unknown {
  const bare = kind.replace("!", "");
  if (bare === "json" && typeof value === "string") return JSON.parse(value);
  if (bare === "number" || bare === "id") {
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    if (Number.isSafeInteger(number)) return number;
    if (bare === "id" && typeof value === "string" && value !== "") return value;
    throw new BadRequest(`${where} is no ${bare}`);
  }
  if (bare === "text" && typeof value !== "string") throw new BadRequest(`${where} is no text`);
  return value;
}

/** Puts the files where `attach://` names them. */
async function attached(value: unknown, uploads: ReadonlyMap<string, unknown>): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => attached(one, uploads)));
  if (typeof value === "object" && value !== null) {
    const entries = await Promise.all(
      Object.entries(value).map(async ([key, inner]) => [key, await attached(inner, uploads)] as const),
    );
    return Object.fromEntries(entries);
  }
  if (typeof value !== "string" || !value.startsWith("attach://")) return value;
  const file = uploads.get(value.slice("attach://".length));
  if (!(file instanceof File)) throw new BadRequest(`${value} is not in the request`);
  return { name: file.name, bytes: await file.bytes() } satisfies Upload;
}

async function readForm(request: Request): Promise<Record<string, unknown>> {
  const form = await request.formData();
  return Object.fromEntries(form.entries());
}

async function readJson(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text();
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
