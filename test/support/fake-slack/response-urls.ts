import type { World } from "./world.ts";

interface ResponseUrl {
  readonly chat: string;
  readonly user: string;
  usesLeft: number;
}

/** What was said at one, as it came. */
export interface SaidThere {
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | null;
}

/** Where whoever was brought a command or a click may answer it, member or not: five times. */
export class ResponseUrls {
  readonly said: SaidThere[] = [];
  readonly #world: World;
  readonly #open = new Map<string, ResponseUrl>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The path of a new one. */
  open(chat: string, { user = "U1", uses = 5 }: { readonly user?: string; readonly uses?: number } = {}): string {
    const path = `/commands/T1/${this.#open.size + 1}/${crypto.randomUUID()}`;
    this.#open.set(path, { chat, user, usesLeft: uses });
    return path;
  }

  /** Its half hour is over. */
  expire(path: string): void {
    this.#open.delete(path);
  }

  async answer(path: string, request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response("invalid_method", { status: 405 });
    const found = this.#open.get(path);
    if (!found) return Response.json({ ok: false, error: "expired_url" }, { status: 404 });
    if (found.usesLeft === 0) return Response.json({ ok: false, error: "used_url" }, { status: 404 });
    const body = (await request.json()) as Record<string, unknown>;
    if (typeof body["text"] !== "string" || body["text"] === "") return new Response("no_text", { status: 400 });
    found.usesLeft--;
    this.said.push({ body, authorization: request.headers.get("authorization") });
    if (body["response_type"] === "in_channel") {
      const { thread_ts: thread } = body;
      this.#world.show(found.chat, {
        text: body["text"],
        ...(typeof thread === "string" && { thread_ts: thread }),
        ...(body["blocks"] !== undefined && { blocks: body["blocks"] }),
      });
    }
    return Response.json({ ok: true });
  }
}
