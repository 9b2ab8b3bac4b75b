/** A recording that was sent in. */
export interface Heard {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly model: string;
  readonly language: string | undefined;
  readonly authorization: string | null;
}

/** Words; or what a server may do instead. */
export type Words =
  | string
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> };

export interface FakeTranscriber extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/v1`: the base of `/audio/transcriptions`. */
  readonly url: string;
  readonly heard: readonly Heard[];
  /** How many are being listened to, and how many were at once at most. */
  readonly open: number;
  readonly mostOpen: number;
}

const fields: ReadonlySet<string> = new Set(["file", "model", "response_format", "language"]);
const endings = /\.(flac|mp3|mp4|mpeg|mpga|m4a|ogg|wav|webm)$/;

/** A server of OpenAI's API for transcriptions: it takes a form and, like the real one, refuses one that breaks the rules with 400. */
export function startFakeTranscriber(answer: (heard: Heard, nth: number) => Words | Promise<Words>): FakeTranscriber {
  const heard: Heard[] = [];
  let open = 0;
  let mostOpen = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (request.method !== "POST" || pathname !== "/v1/audio/transcriptions")
        return refused(`no such path: ${pathname}`, 404);
      if (!request.headers.get("content-type")?.startsWith("multipart/form-data; boundary=")) return refused("no form");
      const form = await request.formData();
      const [file, model, language] = ["file", "model", "language"].map((name) => form.get(name));
      const unknown = [...form.keys()].filter((name) => !fields.has(name));
      if (unknown.length > 0) return refused(`unrecognized parameters: ${unknown.join(", ")}`);
      if (!(file instanceof File) || typeof model !== "string" || model === "")
        return refused("file and model are required");
      if (!endings.test(file.name)) return refused(`Invalid file format: ${file.name}`);
      const one: Heard = {
        name: file.name,
        type: file.type,
        bytes: await file.bytes(),
        model,
        language: typeof language === "string" ? language : undefined,
        authorization: request.headers.get("authorization"),
      };
      mostOpen = Math.max(mostOpen, ++open);
      const words = await answer(one, heard.push(one));
      open--;
      if (typeof words === "string") return Response.json({ text: words });
      return new Response(words.body ?? "", { status: words.status, ...(words.headers && { headers: words.headers }) });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    heard,
    get open() {
      return open;
    },
    get mostOpen() {
      return mostOpen;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function refused(message: string, status = 400): Response {
  return Response.json({ error: { message } }, { status });
}
