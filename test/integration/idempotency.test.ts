import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { silentLog, systemClock } from "#base";
import { locateHome } from "#config";
import { allScopes, fault } from "#protocol";
import { type Caller, methods } from "#rpc";
import type { Storage } from "#storage";
import { Type } from "@sinclair/typebox";
import { type App, openApp } from "../../src/app.ts";
import { sweep } from "../../src/gateway/sweeper.ts";
import { Authenticator } from "../../src/rpc/authenticator.ts";
import { Dispatcher } from "../../src/rpc/dispatcher.ts";
import type { AnyMethod } from "../../src/rpc/method.ts";
import { NodesDoor } from "../../src/rpc/nodes/door.ts";
import { SingleCall } from "../../src/rpc/origin.ts";
import { RunWatches } from "../../src/rpc/run-watch.ts";
import { openClawMethods } from "../../src/rpc/openclaw/adapters/index.ts";
import { House } from "../support/rpc-house.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { over, Walk } from "../support/walk.ts";

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

test("every method with more scope than reading says what a second call does, and takes a key when that is anything", () => {
  for (const list of [methods, openClawMethods]) {
    const changing = list.filter(({ scope }) => !["public", "operator.read"].includes(scope));
    const silent = changing.filter((method) => !("effect" in method) && !onlyLists.test(method.name));
    expect(silent.map(({ name }) => name)).toEqual([]);
    const keyless = list.filter((method) => hasEffect(method) && !("idempotencyKey" in fieldsOf(method.params)));
    expect(keyless.map(({ name }) => name)).toEqual([]);
    const remembersItself = list.filter((method) => hasEffect(method) && !("isKeyedOutside" in method));
    expect(
      remembersItself
        .map(({ name }) => name)
        .filter((name) => name !== "sessions.send")
        .toSorted(),
    ).toEqual(["agent", "chat.send", "node.invoke"]);
  }
});

/** What the original has and this gateway has nothing of. */
const onlyLists = /^(exec\.approval|openclaw\.approval|plugin\.approval|question)\.list$/;

function hasEffect(method: object): boolean {
  return "effect" in method && method.effect !== "none";
}

function fieldsOf(params: object): object {
  return "properties" in params && typeof params.properties === "object" ? (params.properties ?? {}) : {};
}

/** A method as it is listed, that counts how often it is done. Its params are anything: what they are is not asked here. */
function counted(method: (typeof methods)[number], done: string[]): AnyMethod {
  return {
    ...method,
    params: Type.Object({}),
    handle: async () => {
      done.push(method.name);
      return { number: done.length, secret: "hunter2" };
    },
  };
}

/** Somebody who may do everything. */
const caller: Caller = {
  id: "http",
  address: "127.0.0.1",
  isLocal: true,
  isAuthenticated: true,
  role: "operator",
  scopes: new Set(allScopes),
};

/** The methods over the walk's gateway, as a single call of somebody who may do everything reaches them. */
function dispatcherOf(walk: Walk, list: readonly AnyMethod[]) {
  const services = { ...new House().services, gateway: walk.gateway };
  const dispatcher = new Dispatcher({
    methods: list,
    services,
    connections: () => [],
    catalog: { methods: [], events: [] },
    watches: new RunWatches(),
    nodes: new NodesDoor({ devices: services.devices, emit: () => {}, clock: systemClock, log: silentLog }),
    log: silentLog,
  });
  const auth = new Authenticator({ auth: { mode: "none" }, clock: systemClock, log: silentLog });
  return (name: string, params: object) =>
    dispatcher.call(name, params, new SingleCall({ caller, signal: new AbortController().signal }, auth));
}

const keyedMethods = methods.filter((method) => "isKeyedOutside" in method);

describe.each(keyedMethods.map(({ name }) => name))("%s", (name) => {
  test("is done once under a key, by whom asks again too, also after a restart; another request under it is refused", async () => {
    using folder = tempFolder();
    const done: string[] = [];
    const answers: unknown[] = [];
    const method = keyedMethods.find((one) => one.name === name) ?? keyedMethods[0];
    if (!method) throw new Error("there are such methods");
    for (let life = 0; life < 2; life++) {
      await using walk = new Walk({ folder: folder.path });
      const call = dispatcherOf(walk, [counted(method, done)]);
      const ask = (params: object) => call(name, params).catch((error: unknown) => (error as { code: string }).code);
      for (let again = 0; again < 2; again++) answers.push(await ask({ of: "a", idempotencyKey: "k" }));
      expect(await ask({ of: "b", idempotencyKey: "k" })).toBe("idempotencyConflict");
      const kept = (await walk.storage.records({ kind: "request", limit: 10 })).map(({ data }) => data).join();
      if ("answersSecret" in method) expect(kept).not.toContain("hunter2");
    }
    expect(done).toEqual([name]);
    const again = "answersSecret" in method ? "answerNotKept" : answers[0];
    expect(answers).toEqual([{ number: 1, secret: "hunter2" }, again, again, again]);
  });
});

function refusing(storage: Storage): Storage {
  return over(storage, { writeRecords: () => Promise.reject(fault.storageUnavailable({ problem: "it is full" })) });
}

test("what may be done twice is done though its key cannot be kept, and again after it was cut off", async () => {
  using folder = tempFolder();
  const safe = { ...request, mayRepeat: true };
  {
    await using walk = new Walk({ folder: folder.path, between: refusing });
    expect(await walk.gateway.once(safe, async () => "stopped")).toBe("stopped");
    await expect(walk.gateway.once(request, async () => "no")).rejects.toMatchObject({ code: "storageUnavailable" });
  }
  {
    await using walk = new Walk({ folder: folder.path });
    const begun = Promise.withResolvers<void>();
    void walk.gateway.once(safe, () => {
      begun.resolve();
      return new Promise(() => {});
    });
    await begun.promise;
  }
  await using walk = new Walk({ folder: folder.path });
  expect(await walk.gateway.once(safe, async () => "again")).toBe("again");
  await expect(walk.gateway.once({ ...safe, requestHash: "i" }, async () => "no")).rejects.toMatchObject({
    code: "idempotencyConflict",
  });
});

test("an answer that is too long is not kept, and its request not done again", async () => {
  using folder = tempFolder();
  await using walk = new Walk({ folder: folder.path });
  const long = "x".repeat(300_000);
  expect(await walk.gateway.once(request, async () => long)).toBe(long);
  await expect(walk.gateway.once(request, async () => "again")).rejects.toMatchObject({ code: "answerNotKept" });
});
