/** The far end of the pigeons: counts what arrives, and takes each key once. */
export interface Platform extends Disposable {
  readonly url: string;
  /** Texts by the key they came with; how often each came. */
  readonly arrivals: ReadonlyMap<string, { readonly text: string; times: number }>;
  /** Of every thousand requests, so many are refused. */
  refusals: number;
}

export function startPlatform(): Platform {
  const arrivals = new Map<string, { readonly text: string; times: number }>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      const { text, key = crypto.randomUUID() } = (await request.json()) as { text: string; key?: string };
      if (Math.random() * 1_000 < platform.refusals) return new Response(null, { status: 500 });
      const known = arrivals.get(key);
      if (known) known.times++;
      else arrivals.set(key, { text, times: 1 });
      return new Response(`p-${key}`);
    },
  });
  const platform = {
    url: `http://127.0.0.1:${server.port}/`,
    arrivals,
    refusals: 0,
    [Symbol.dispose]: () => void server.stop(true),
  };
  return platform;
}
