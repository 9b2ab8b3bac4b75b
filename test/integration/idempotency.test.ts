import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { locateHome } from "#config";
import { fault } from "#protocol";
import { methods } from "#rpc";
import { type App, openApp } from "../../src/app.ts";
import { sweep } from "../../src/gateway/sweeper.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { Walk } from "../support/walk.ts";

function open(root: string): Promise<App> {
  const home = locateHome({ OPENCLAW_HOME: root });
  return openApp({ home, environment: {}, flags: { "gateway.port": 0, "sandbox.mode": "never" }, version: "1.2.3" });
}

interface Answer {
  readonly status: number;
  readonly body: Body;
}

interface Body {
  readonly session?: { readonly key: string; readonly label?: string };
  readonly sessions?: readonly unknown[];
  readonly status?: string;
  readonly error?: { readonly code: string };
}

interface RpcAnswer {
  readonly result?: Body;
  readonly error?: { readonly data: object };
}

async function rest(app: App, path: string, body: object, key?: string): Promise<Answer> {
  const { status, text } = await post(app, `/api/v1${path}`, body, key === undefined ? {} : { "idempotency-key": key });
  return { status, body: JSON.parse(text) as Body };
}

async function rpc(app: App, method: string, params: object): Promise<RpcAnswer> {
  const { text } = await post(app, "/rpc", { jsonrpc: "2.0", id: 1, method, params });
  return JSON.parse(text) as RpcAnswer;
}

async function post(app: App, path: string, body: object, headers: Record<string, string> = {}) {
  const token = readFileSync(app.tokenFile ?? "", "utf8").trim();
  const response = await fetch(new URL(path, app.url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

describe("a request with a key", () => {
  test("is done once: its repetition gets the same answer, by every door, also after a restart", async () => {
    using folder = tempFolder();
    const body = { label: "once" };
    let first: Answer;
    {
      await using app = await open(folder.path);
      first = await rest(app, "/sessions", body, '"k-1"');
      expect(first).toMatchObject({ status: 200, body: { created: true, session: { label: "once" } } });
      expect(await rest(app, "/sessions", body, "k-1")).toEqual(first);
      expect((await rpc(app, "sessions.create", { ...body, idempotencyKey: "k-1" })).result).toEqual(first.body);
      expect((await rest(app, "/sessions", body)).body.session?.key).not.toBe(first.body.session?.key);
    }
    await using app = await open(folder.path);
    expect(await rest(app, "/sessions", body, "k-1")).toEqual(first);
    expect((await rpc(app, "sessions.list", {})).result?.sessions).toHaveLength(2);
  });

  test("that asks for something else is a conflict, whatever it asks for", async () => {
    using folder = tempFolder();
    await using app = await open(folder.path);
    await rest(app, "/sessions", { label: "a" }, "k");
    const conflict = { status: 409, body: { error: { code: "idempotencyConflict" } } };
    expect(await rest(app, "/sessions", { label: "b" }, "k")).toMatchObject(conflict);
    expect(await rest(app, "/sessions/main/reset", {}, "k")).toMatchObject(conflict);
    const two = await rest(app, "/sessions", { label: "a", idempotencyKey: "l" }, "k");
    expect(two).toMatchObject({ status: 400, body: { error: { code: "invalidParams" } } });
    const name = { sessionKey: "main", model: null, label: "a" };
    await rpc(app, "sessions.create", { ...name, idempotencyKey: "order" });
    const sorted = await rpc(app, "sessions.create", {
      idempotencyKey: "order",
      label: "a",
      model: null,
      sessionKey: "main",
    });
    expect(sorted.result).toMatchObject({ created: true });
  });

  test("that was refused did nothing, so it may be mended and sent again", async () => {
    using folder = tempFolder();
    await using app = await open(folder.path);
    const missing = await rpc(app, "sessions.patch", { sessionKey: "later", label: "x", idempotencyKey: "k" });
    expect(missing.error).toMatchObject({ data: { name: "sessionNotFound" } });
    await rpc(app, "sessions.create", { sessionKey: "later" });
    const again = await rpc(app, "sessions.patch", { sessionKey: "later", label: "x", idempotencyKey: "k" });
    expect(again.result).toMatchObject({ session: { label: "x" } });
  });

  test("is a message when it says something: the key of the header is the run's id", async () => {
    using folder = tempFolder();
    await using app = await open(folder.path);
    const said = { sessionKey: "main", message: "hello" };
    expect(await rest(app, "/chat", said, "run-1")).toMatchObject({ body: { runId: "run-1", status: "started" } });
    expect((await rest(app, "/chat", said, "run-1")).body.status).not.toBe("started");
  });
});

const request = { id: "i", key: "k", requestHash: "h" };

describe("work under a key", () => {
  test("goes on once, and whoever repeats the request meanwhile waits for it", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    const gate = Promise.withResolvers<string>();
    let begun = 0;
    const work = () => {
      begun++;
      return gate.promise;
    };
    const answers = Array.from({ length: 50 }, () => walk.gateway.once(request, work));
    await expect(walk.gateway.once({ ...request, requestHash: "other" }, work)).rejects.toMatchObject({
      code: "idempotencyConflict",
    });
    gate.resolve("done");
    expect(new Set(await Promise.all(answers))).toEqual(new Set(["done"]));
    expect(begun).toBe(1);
  });

  test("that the end of the gateway cut off is not begun again", async () => {
    using folder = tempFolder();
    {
      await using walk = new Walk({ folder: folder.path });
      const begun = Promise.withResolvers<void>();
      void walk.gateway.once(request, () => {
        begun.resolve();
        return new Promise(() => {});
      });
      await begun.promise;
    }
    await using walk = new Walk({ folder: folder.path });
    const again = walk.gateway.once(request, () => Promise.reject(new Error("begun again")));
    await expect(again).rejects.toMatchObject({ code: "outcomeUnknown" });
  });

  test.each([
    ["a refusal", () => fault.sessionNotFound({ key: "x" }), "done"],
    ["a bug", () => new TypeError("x"), "outcomeUnknown"],
    ["an unknown outcome", () => fault.outcomeUnknown({ problem: "x" }), "outcomeUnknown"],
  ])("after %s: %#", async (_what, thrown, then) => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    await expect(walk.gateway.once(request, () => Promise.reject(thrown()))).rejects.toThrow();
    const second = walk.gateway.once(request, async () => "done");
    expect(await second.catch((error: unknown) => (error as { code: string }).code)).toBe(then);
  });

  test("is forgotten after two days, a message's receipt after thirty", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path });
    await walk.gateway.once(request, async () => "first");
    await walk.say("hello");
    await walk.ending("m1");
    const after = (days: number) => ({
      storage: walk.storage,
      clock: { now: () => Date.now() + days * 86_400_000, elapsed: () => 0 },
    });
    expect(await sweep(after(1.9))).toBe(0);
    expect(await walk.gateway.once(request, async () => "second")).toBe("first");
    expect(await sweep(after(2.1))).toBe(1);
    expect(await walk.gateway.once(request, async () => "second")).toBe("second");
    expect(await walk.say("hello", { id: "m1" })).toMatchObject({ isRepeat: true });
    expect(await sweep(after(31))).toBe(2);
    expect(await walk.say("hello", { id: "m1" })).toMatchObject({ isRepeat: false });
  });
});

test("every method with more scope than reading says what a second call does", () => {
  const silent = methods.filter(
    (method) => !["public", "operator.read"].includes(method.scope) && !("effect" in method),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
  const keyed = methods.filter((method) => "isKeyedOutside" in method).map(({ name }) => name);
  expect(keyed).toContain("sessions.reset");
  for (const secret of ["device.pair.setupCode", "device.token.rotate"] as const) expect(keyed).not.toContain(secret);
});
