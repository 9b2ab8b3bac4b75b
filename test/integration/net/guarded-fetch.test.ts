import { createGuardedFetch, type FetchRequest, type Resolve } from "#net";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import zlib from "node:zlib";
import { until } from "../../support/until.ts";

/**
 * Real servers stand for the public ones at 127.0.0.2, which is allowed here to whoever names it; 127.0.0.1 and ::1 are
 * what must not be reached.
 */
const publicHost = "127.0.0.2";
const fixtures = join(import.meta.dir, "../../fixtures");
const certificate = await Bun.file(join(fixtures, "files.test.pem")).text();
const privateKey = await Bun.file(join(fixtures, "files.test.key.pem")).text();

interface Served extends AsyncDisposable {
  readonly port: number;
  /** What was sent along with each request. */
  readonly seen: Record<string, string>[];
}

function serve(
  answer: (request: Request, seen: number) => Response | Promise<Response>,
  { hostname = publicHost, isTls = false, port = 0 } = {},
): Served {
  const seen: Record<string, string>[] = [];
  const server = Bun.serve({
    port,
    hostname,
    development: false,
    idleTimeout: 0,
    ...(isTls && { tls: { cert: certificate, key: privateKey } }),
    fetch: (request) => answer(request, seen.push(Object.fromEntries(request.headers))),
  });
  return { port: server.port ?? 0, seen, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** The names of this test's world; each call of a name takes the next of its answers, the last one for ever. */
function names(world: Readonly<Record<string, readonly (readonly string[])[]>>): {
  readonly resolve: Resolve;
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (name) => {
      const answers = world[name] ?? [];
      const nth = asked.filter((one) => one === name).length;
      asked.push(name);
      const found = answers[Math.min(nth, answers.length - 1)];
      if (!found) throw new Error("no such name");
      return found;
    },
  };
}

const everywhere: Resolve = async () => [publicHost];

function fetcher(resolve: Resolve = everywhere) {
  const guarded = createGuardedFetch({ resolve, allow: [publicHost], certificates: certificate });
  return (url: string, more: Partial<FetchRequest> = {}) =>
    guarded({ url, mostBytes: 1_000, timeoutMs: 10_000, signal: new AbortController().signal, ...more });
}

function text(fetched: Awaited<ReturnType<ReturnType<typeof fetcher>>>): string {
  return fetched.got ? Buffer.from(fetched.bytes).toString() : `${fetched.because}: ${fetched.problem}`;
}

describe("an address", () => {
  test("is fetched where its name leads, and asked for by its name", async () => {
    await using server = serve(
      (request) => new Response(`${request.headers.get("host")} ${new URL(request.url).pathname}`),
    );
    const fetched = await fetcher()(`http://files.test.:${server.port}/a?b#c`);
    expect(fetched).toMatchObject({
      got: true,
      type: "text/plain",
      url: new URL(`http://files.test:${server.port}/a?b`),
    });
    expect(text(fetched)).toBe(`files.test:${server.port} /a`);
  });

  test.each([
    "http://127.0.0.1",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.1",
    "http://0177.0.0.1",
    "http://017700000001",
    "http://127.0.0.1.",
    "http://①②⑦.0.0.1",
    "http://%31%32%37.0.0.1",
    "http://0",
    "http://0.0.0.0",
    "http://[::1]",
    "http://[::]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:7f00:1]",
    "http://[0:0:0:0:0:ffff:7f00:1]",
    "http://[::127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://[2002:7f00:1::]",
    "http://[fe80::1]",
    "http://[ff02::1]",
    "http://169.254.169.254",
    "http://[fd00:ec2::254]",
    "http://100.100.100.200",
    "http://10.0.0.1",
    "http://192.168.0.1",
    "http://172.16.0.1",
    "http://198.18.0.1",
    "http://240.0.0.1",
    "http://localhost",
    "http://localhost.",
    "http://LOCALHOST",
    "http://a.localhost",
    "https://127.0.0.1",
  ])("SEC-53: %s leads nowhere", async (address) => {
    await using server = serve(() => new Response("secret"), { hostname: "127.0.0.1" });
    const fetched = await fetcher()(`${address}:${server.port}/`);
    expect(fetched).toMatchObject({ got: false, because: "private" });
    expect(server.seen).toHaveLength(0);
  });

  test.each([
    "http://ok@127.0.0.1/",
    "http://a:b@files.test/",
    "http://[fe80::1%25eth0]/",
    "file:///etc/passwd",
    "ftp://files.test/",
    "data:text/plain,x",
    "gopher://127.0.0.1/",
    "javascript:1",
    "http://",
    "//files.test/",
    "nonsense",
  ])("SEC-53: %s is none that is fetched", async (address) => {
    expect(await fetcher()(address)).toMatchObject({ got: false, because: "badAddress" });
  });

  test("that the operator named may be private; its neighbour may not", async () => {
    await using server = serve(() => new Response("mine"), { hostname: "127.0.0.1" });
    const own = [`127.0.0.1:${server.port}`];
    expect(text(await fetcher()(`http://127.0.0.1:${server.port}/`, { own }))).toBe("mine");
    expect(await fetcher()("http://127.0.0.1:1/", { own })).toMatchObject({ because: "private" });
  });

  test("on ::1 is reached where the operator named it, and is private elsewhere", async () => {
    await using server = serve(() => new Response("six"), { hostname: "::1" });
    const url = `http://[::1]:${server.port}/`;
    expect(text(await fetcher()(url, { own: ["::1"] }))).toBe("six");
    expect(await fetcher()(url)).toMatchObject({ because: "private" });
  });

  test("without a host, or with nobody at it, is told apart, and nothing but the host is told", async () => {
    const { resolve } = names({ "files.test": [[publicHost]] });
    expect(text(await fetcher(resolve)("http://nobody.test/secret?token=CANARY"))).toBe(
      "unresolved: There is no host nobody.test.",
    );
    expect(text(await fetcher(resolve)("http://files.test:1/secret?token=CANARY"))).toBe(
      "unreachable: files.test cannot be reached.",
    );
  });
});

describe("SEC-56: a name", () => {
  test("that leads to a private address leads nowhere, also when another of its addresses is public", async () => {
    await using server = serve(() => new Response("secret"), { hostname: "127.0.0.1" });
    const { resolve } = names({
      "a.test": [["127.0.0.1"]],
      "b.test": [[publicHost, "127.0.0.1"]],
      "c.test": [["::1"]],
    });
    for (const name of ["a.test", "b.test", "c.test"]) {
      expect(await fetcher(resolve)(`http://${name}:${server.port}/`)).toMatchObject({ because: "private" });
    }
    expect(server.seen).toHaveLength(0);
  });

  test("is asked for once: what it leads to a moment later changes nothing", async () => {
    await using server = serve(() => new Response("public"));
    await using secret = serve(() => new Response("secret"), { hostname: "127.0.0.1", port: server.port });
    const { resolve, asked } = names({ "files.test": [[publicHost], ["127.0.0.1"]] });
    expect(text(await fetcher(resolve)(`http://files.test:${server.port}/`))).toBe("public");
    expect(asked).toEqual(["files.test"]);
    expect(await fetcher(resolve)(`http://files.test:${server.port}/`)).toMatchObject({ because: "private" });
    expect(secret.seen).toHaveLength(0);
  });

  test("that leads to something that is no address leads nowhere", async () => {
    const { resolve } = names({ "files.test": [["fe80::1%eth0"]] });
    expect(await fetcher(resolve)("http://files.test/")).toMatchObject({ because: "private" });
  });

  test("is reached past a proxy that the environment names", async () => {
    await using server = serve(() => new Response("direct"));
    await using proxy = serve(() => new Response("proxied"), { hostname: "127.0.0.1" });
    const script = `import { createGuardedFetch } from "#net";
      const fetched = await createGuardedFetch({ resolve: async () => ["${publicHost}"], allow: ["${publicHost}"] })({
        url: "http://files.test:${server.port}/", mostBytes: 100, timeoutMs: 5000, signal: new AbortController().signal });
      process.stdout.write(fetched.got ? Buffer.from(fetched.bytes).toString() : fetched.problem);`;
    const at = `http://127.0.0.1:${proxy.port}`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      cwd: join(import.meta.dir, "../../.."),
      env: { PATH: process.env["PATH"] ?? "", HTTP_PROXY: at, http_proxy: at, HTTPS_PROXY: at, ALL_PROXY: at },
      stderr: "inherit",
    });
    expect(await child.stdout.text()).toBe("direct");
    expect(proxy.seen).toHaveLength(0);
  });

  test("with several addresses is reached at the next when one does not answer", async () => {
    await using server = serve(() => new Response("there"));
    const guarded = createGuardedFetch({ resolve: async () => ["127.0.0.3", publicHost], allow: ["127.0.0.2/31"] });
    const request = { mostBytes: 100, timeoutMs: 5_000, signal: new AbortController().signal };
    expect(text(await guarded({ url: `http://files.test:${server.port}/`, ...request }))).toBe("there");
  });
});

describe("TLS", () => {
  test("proves the name, although the connection goes to an address", async () => {
    await using server = serve((request) => new Response(new URL(request.url).hostname), { isTls: true });
    expect(text(await fetcher()(`https://files.test:${server.port}/`))).toBe("files.test");
    expect(await fetcher()(`https://other.test:${server.port}/`)).toMatchObject({ because: "unreachable" });
    expect(await fetcher()(`https://${publicHost}:${server.port}/`)).toMatchObject({ because: "unreachable" });
    expect(server.seen).toHaveLength(1);
  });

  test("of a certificate that nobody trusts is not enough", async () => {
    await using server = serve(() => new Response("secret"), { isTls: true });
    const guarded = createGuardedFetch({ resolve: everywhere, allow: [publicHost] });
    const request = { mostBytes: 100, timeoutMs: 5_000, signal: new AbortController().signal };
    expect(await guarded({ url: `https://files.test:${server.port}/`, ...request })).toMatchObject({ got: false });
    expect(server.seen).toHaveLength(0);
  });
});

const to = (location: string, status = 302) => new Response(null, { status, headers: { location } });

describe("a redirect", () => {
  test.each([301, 302, 303, 307, 308])(
    "of status %p is followed, and on the same origin with its headers",
    async (status) => {
      await using server = serve((request, seen) =>
        seen === 1 ? to("/there", status) : new Response(request.headers.get("x-key")),
      );
      const fetched = await fetcher()(`http://files.test:${server.port}/here`, { headers: { "X-Key": "k" } });
      expect(text(fetched)).toBe("k");
      expect(fetched).toMatchObject({ url: new URL(`http://files.test:${server.port}/there`) });
    },
  );

  test.each([
    "http://127.0.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://private.test:PORT/",
    "//localhost:PORT/",
    "file:///etc/passwd",
    "http://ok@127.0.0.1:PORT/",
  ])("SEC-54: to %s is not followed, at whatever hop it comes", async (target) => {
    await using secret = serve(() => new Response("secret"), { hostname: "127.0.0.1" });
    const { resolve } = names({ "files.test": [[publicHost]], "private.test": [["127.0.0.1"]] });
    for (const hop of [1, 3, 5]) {
      await using server = serve((_request, seen) =>
        to(seen === hop ? target.replace("PORT", String(secret.port)) : "/on"),
      );
      const fetched = await fetcher(resolve)(`http://files.test:${server.port}/`);
      expect(!fetched.got && fetched.because).toMatch(/private|badAddress/);
      expect(server.seen).toHaveLength(hop);
    }
    expect(secret.seen).toHaveLength(0);
  });

  test("SEC-54: from the operator's own host leads to public ones alone, not even back to it", async () => {
    await using elsewhere = serve(() => new Response("public"));
    const targets = [`http://files.test:${elsewhere.port}/`, "/again"];
    await using mine = serve((_request, seen) => to(targets[seen - 1] ?? "/"), { hostname: "127.0.0.1" });
    const own = [`127.0.0.1:${mine.port}`];
    const url = `http://127.0.0.1:${mine.port}/`;
    expect(text(await fetcher()(url, { own }))).toBe("public");
    expect(await fetcher()(url, { own })).toMatchObject({ because: "private" });
  });

  test("SEC-54: is followed five times, or as often as is asked for", async () => {
    await using server = serve((_request, seen) => to(`/${seen}`));
    const url = `http://files.test:${server.port}/`;
    expect(await fetcher()(url)).toMatchObject({ because: "tooManyRedirects" });
    expect(server.seen).toHaveLength(6);
    expect(await fetcher()(url, { mostRedirects: 0 })).toMatchObject({ because: "tooManyRedirects" });
    expect(server.seen).toHaveLength(7);
  });

  test("SEC-55: takes nothing along to another origin, nor back from there", async () => {
    await using first = serve((_request, seen) =>
      seen === 1 ? to(`http://b.test:${second.port}/`) : new Response("back"),
    );
    await using second: Served = serve(() => to(`http://a.test:${first.port}/`));
    const headers = {
      Authorization: "Bearer CANARY",
      cookie: "CANARY",
      "X-Api-Key": "CANARY",
      "private-token": "CANARY",
    };
    expect(text(await fetcher()(`http://a.test:${first.port}/`, { headers }))).toBe("back");
    expect(JSON.stringify(first.seen[0])).toContain("Bearer CANARY");
    expect(second.seen).toHaveLength(1);
    expect(JSON.stringify([first.seen[1], second.seen])).not.toContain("CANARY");
  });

  test("from https to http is not followed", async () => {
    await using plain = serve(() => new Response("plain"));
    await using server = serve(() => to(`http://files.test:${plain.port}/`), { isTls: true });
    expect(await fetcher()(`https://files.test:${server.port}/`)).toMatchObject({ because: "badRedirect" });
    expect(plain.seen).toHaveLength(0);
  });

  test("in a page is no redirect", async () => {
    const page =
      '<meta http-equiv="refresh" content="0;url=http://127.0.0.1/"><script>location="http://127.0.0.1/"</script>';
    await using server = serve(() => new Response(page, { headers: { refresh: "0;url=http://127.0.0.1/" } }));
    expect(text(await fetcher()(`http://files.test:${server.port}/`))).toBe(page);
    expect(server.seen).toHaveLength(1);
  });
});

/** Sends until nobody listens any more. */
const endless = (onEnd: () => void, everyMs = 0) =>
  new ReadableStream({
    async pull(controller) {
      await Bun.sleep(everyMs);
      controller.enqueue(new Uint8Array(everyMs === 0 ? 65_536 : 1));
    },
    cancel: onEnd,
  });

describe("SEC-58: an answer", () => {
  test.each([200, 500])("without an end, of status %p, is read no further than allowed, and let go", async (status) => {
    let ended = 0;
    await using server = serve(
      () =>
        new Response(
          endless(() => ended++),
          { status },
        ),
    );
    const fetched = await fetcher()(`http://files.test:${server.port}/`, { mostBytes: 100_000 });
    expect(fetched).toMatchObject({ got: false, because: status === 200 ? "tooLarge" : "status" });
    await until("the server to be let go", () => ended === 1);
  });

  test("that says how long it is is refused before it is read", async () => {
    await using server = serve(() => new Response("x".repeat(1_001)));
    expect(text(await fetcher()(`http://files.test:${server.port}/`))).toBe(
      "tooLarge: The file is larger than 1000 bytes.",
    );
    expect(text(await fetcher()(`http://files.test:${server.port}/`, { mostBytes: 1_001 }))).toHaveLength(1_001);
  });

  test("that drips is given up when its time is over", async () => {
    let ended = 0;
    await using server = serve(() => new Response(endless(() => ended++, 20)));
    const fetched = await fetcher()(`http://files.test:${server.port}/`, { timeoutMs: 150 });
    expect(text(fetched)).toBe("tooSlow: It did not come within 0.15 seconds.");
    await until("the server to be let go", () => ended === 1);
  });

  test.each(["gzip", "deflate", "br"] as const)("packed with %s counts as what it unpacks to", async (packing) => {
    const pack = { gzip: Bun.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync }[packing];
    const bodies = [Buffer.from("x".repeat(1_000)), Buffer.alloc(50_000_000, 120)];
    await using server = serve(
      (_request, seen) =>
        new Response(pack(bodies[seen - 1] ?? Buffer.from("")), { headers: { "content-encoding": packing } }),
    );
    const url = `http://files.test:${server.port}/`;
    expect(text(await fetcher()(url))).toBe("x".repeat(1_000));
    expect(await fetcher()(url, { mostBytes: 1_000_000 })).toMatchObject({ because: "tooLarge" });
  });

  test("packed in a way that nobody asked for, or not as it says, is none", async () => {
    const packings = ["zstd", "gzip"];
    await using server = serve(
      (_request, seen) => new Response("plain", { headers: { "content-encoding": packings[seen - 1] ?? "" } }),
    );
    const url = `http://files.test:${server.port}/`;
    expect(await fetcher()(url)).toMatchObject({ because: "wrongType" });
    expect(await fetcher()(url)).toMatchObject({ because: "broken" });
  });

  test("of a type that is not wanted is not read", async () => {
    await using server = serve(() => new Response("<p>", { headers: { "content-type": "Text/HTML; charset=utf-8" } }));
    const url = `http://files.test:${server.port}/`;
    expect(await fetcher()(url, { types: ["image/", "text/plain"] })).toMatchObject({ because: "wrongType" });
    expect(await fetcher()(url, { types: ["text/html"] })).toMatchObject({ got: true, type: "text/html" });
    expect(await fetcher()(url, { types: ["text/"] })).toMatchObject({ got: true });
  });

  test("that breaks off is none", async () => {
    const socket = Bun.listen({
      hostname: publicHost,
      port: 0,
      socket: { data: (one) => void one.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf") },
    });
    const fetched = await fetcher()(`http://files.test:${socket.port}/`);
    socket.stop(true);
    expect(fetched).toMatchObject({ got: false, because: "broken" });
  });
});

test("who does not want it any more is told so by their own signal", async () => {
  await using server = serve(() => new Promise<Response>(() => {}));
  const asked = new AbortController();
  const fetching = fetcher()(`http://files.test:${server.port}/`, { signal: asked.signal });
  await until("the request", () => server.seen.length === 1);
  asked.abort(new Error("not wanted"));
  await expect(fetching).rejects.toThrow("not wanted");
});
