import { GatewayClient } from "@openclaw/gateway-client";
import type { EventFrame, HelloOk } from "@openclaw/gateway-protocol/frame-guards";
import { until } from "./until.ts";

type Options = NonNullable<ConstructorParameters<typeof GatewayClient>[0]>;

/** The original's own client, unmodified, and what it told. */
export class OfficialClient implements AsyncDisposable {
  readonly events: EventFrame[] = [];
  readonly hellos: HelloOk[] = [];
  readonly errors: Error[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  readonly gaps: unknown[] = [];
  readonly #client: GatewayClient;

  constructor(options: Options) {
    this.#client = new GatewayClient({
      onEvent: (event) => this.events.push(event),
      onHelloOk: (hello) => this.hellos.push(hello),
      onConnectError: (error) => this.errors.push(error),
      onClose: (code, reason) => this.closes.push({ code, reason }),
      onGap: (gap) => this.gaps.push(gap),
      ...options,
    });
    this.#client.start();
  }

  static async connect(options: Options): Promise<OfficialClient> {
    const client = new OfficialClient(options);
    await until("the hello", () => {
      if (client.errors[0]) throw client.errors[0];
      return client.hellos.length > 0;
    });
    return client;
  }

  request<T = Record<string, unknown>>(method: string, params: unknown = {}, options = {}): Promise<T> {
    return this.#client.request<T>(method, params, options);
  }

  /** The payloads of one kind of event, of one run where it is named. */
  heard(event: string, runId?: string): Record<string, unknown>[] {
    return this.events
      .filter((one) => one.event === event)
      .map((one) => one.payload as Record<string, unknown>)
      .filter((payload) => runId === undefined || payload["runId"] === runId);
  }

  /** The `chat` event that ends a run. */
  ending(runId: string): Promise<Record<string, unknown>> {
    return until(`the ending of ${runId}`, () => this.heard("chat", runId).find(({ state }) => state !== "delta"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.stopAndWait({ timeoutMs: 2_000 });
  }
}
