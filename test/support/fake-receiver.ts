/** One POST as it came. */
export interface Posted {
  readonly headers: Headers;
  readonly body: string;
  /** It was answered with a status that says no. */
  readonly wasRefused: boolean;
  readonly json: Readonly<Record<string, unknown>>;
}

/** What the receiver answers; `cut`: it has the message, and the connection breaks. */
export type ReceiverAnswer =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly cut: true };

/** A program that answers of the webhook channel are posted to. */
export class FakeReceiver implements AsyncDisposable {
  readonly got: Posted[] = [];
  readonly #answers: ReceiverAnswer[] = [];
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    fetch: async (request) => {
      const body = await request.text();
      const json = JSON.parse(body) as Posted["json"];
      const answer = this.#answers.shift() ?? { status: json["chat"] === "gone" ? 410 : 200 };
      this.got.push({ headers: request.headers, body, json, wasRefused: "status" in answer && answer.status >= 300 });
      if ("cut" in answer) return new Response(broken());
      return new Response(answer.body ?? null, {
        status: answer.status,
        ...(answer.headers ? { headers: answer.headers } : {}),
      });
    },
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/answers`;
  }

  /** Answers that were told, and are still to be given. */
  get toCome(): number {
    return this.#answers.length;
  }

  next(...answers: ReceiverAnswer[]): void {
    this.#answers.push(...answers);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop(true);
  }
}

function broken(): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(1);
      controller.error(new Error("cut"));
    },
  });
}
