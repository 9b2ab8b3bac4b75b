import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Secret } from "#base";
import type { ConversationMessage } from "#protocol";
import { type ModelMessage, type OpenSettings, providers, type ToolSpec } from "#providers";
import { ProviderSettings } from "../../src/providers/settings.ts";
import {
  type Api,
  ask,
  callsOf,
  doneOf,
  neverAborted,
  newRequest,
  openProvider,
  problemOf,
  textOf,
  thinkingOf,
} from "../support/ask-provider.ts";
import {
  encodeReply,
  type FakeModel,
  type Reply,
  type ReplyPart,
  type Script,
  startFakeModel,
} from "../support/fake-model.ts";

const clock: ToolSpec = {
  name: "clock",
  description: "Tells the time.",
  params: { type: "object", properties: { zone: { type: "string" } } },
};
const clockCall = { toolCall: { id: "call_1", name: "clock", args: { zone: "Europe/Paris" } } };
const remote = ProviderSettings.properties.api.anyOf.map((literal) => literal.const);

const pictureFile = (blob: string, mimeType: string) => ({ blob, mimeType, bytes: 3 });
const aGif = async () => new TextEncoder().encode("GIF");

function error(status: number, message = "no", headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    chunks: [JSON.stringify({ type: "error", error: { type: "some_error", message } })],
  };
}

function errorEvent(type: string, message: string): string {
  return `data: ${JSON.stringify({ type: "error", error: { type, message } })}\n\n`;
}

/** Who waits for nothing need not wait long. */
function patience(ending: "end" | "reset" | "hang"): Partial<OpenSettings> {
  return ending === "hang" ? { timeoutSeconds: 0.3 } : {};
}

/** Aborts as soon as that happened, and says what came after: nothing but text should. The server must see it too. */
async function stopWhen(happened: Promise<unknown>, api: Api, model: FakeModel): Promise<unknown[]> {
  const { provider } = await openProvider(api, { baseUrl: model.url });
  const stop = new AbortController();
  void happened.then(() => stop.abort());
  const events = await Array.fromAsync(provider.stream(newRequest(), stop.signal));
  await model.idle();
  return events.filter((event) => event.type !== "text");
}

test("the settings offer every API but the demo, and the list is in order", () => {
  const apis = providers.map((provider) => provider.api);
  expect(apis).toEqual(apis.toSorted());
  expect(apis.filter((api) => api !== "demo")).toEqual(remote);
});

test("every file that defines a provider is in the list, and none loads its SDK before it is opened", async () => {
  const folder = join(import.meta.dir, "../../src/providers");
  const files = await Array.fromAsync(new Bun.Glob("**/*.ts").scan(folder));
  const texts = new Map(
    await Promise.all(files.map(async (file) => [file, await Bun.file(join(folder, file)).text()] as const)),
  );
  const having = (pattern: RegExp) => files.filter((file) => pattern.test(texts.get(file) ?? "")).toSorted();
  expect(having(/ = defineProvider\(/)).toEqual(providers.map((provider) => `${provider.api}.ts`));
  const loading = having(/^import \{.*from "(openai|@anthropic-ai\/sdk)"/m);
  expect(loading).toEqual(["anthropic-messages/open.ts", "openai-client.ts"]);
  expect(having(/from "\.\.?\/openai-client\.ts"/)).toEqual([
    "openai-completions/open.ts",
    "transcription/ask-for-words.ts",
  ]);
  expect(having(/from "[^"]*ask-for-words\.ts"/)).toEqual([]);
  expect(having(/await import\("\.\/transcription\/ask-for-words\.ts"\)/)).toEqual(["transcriber.ts"]);
  expect(having(/from "\.(\.|\/\w[\w-]*)?\/open\.ts"/)).toEqual([]);
  expect(having(/await import\("\.\/[\w-]+\/open\.ts"\)/)).toEqual(remote.map((api) => `${api}.ts`));
});

describe.each(providers.map((provider) => provider.api))("every provider: %s", (api) => {
  test("answers in parts that end with one done", async () => {
    await using model = startFakeModel({ script: ["Hello, you."] });
    const { provider } = await openProvider(api, { baseUrl: model.url });
    const events = await ask(provider);
    expect(textOf(events)).not.toBeEmpty();
    expect(doneOf(events)).toMatchObject({ stop: "stop", usage: { input: expect.any(Number) } });
  });

  test("says nothing more once the signal aborts", async () => {
    const gate = Promise.withResolvers<void>();
    await using model = startFakeModel({ script: [{ parts: ["one ", "two ", gate.promise, "three"] }] });
    const { provider } = await openProvider(api, { baseUrl: model.url });
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const event of provider.stream(newRequest(), stop.signal)) {
      seen.push(event.type);
      stop.abort();
    }
    expect(seen).toEqual(["text"]);
    await model.idle();
  });

  test("says nothing at all when the signal was aborted before", async () => {
    await using model = startFakeModel({ script: ["Hello"] });
    const { provider } = await openProvider(api, { baseUrl: model.url });
    expect(await Array.fromAsync(provider.stream(newRequest(), AbortSignal.abort()))).toEqual([]);
    expect(model.requests).toEqual([]);
  });
});

describe.each(remote)("a remote provider: %s", (api) => {
  /** Asks a server that follows the script, and says what came of it. */
  async function play(script: Script, settings: Partial<OpenSettings> = {}, onEvent = () => {}) {
    const model = startFakeModel({ script });
    try {
      const { provider, pauses } = await openProvider(api, { baseUrl: model.url, ...settings });
      const events = await ask(provider, { tools: [clock] }, onEvent);
      return { events, pauses, requests: [...model.requests] };
    } finally {
      await model[Symbol.asyncDispose]();
    }
  }

  const encode = (...parts: ReplyPart[]) => encodeReply(api, { parts }).map(String);
  /** Text parts as events, without the beginning and the end that belong around them. */
  const onlyParts = (...parts: ReplyPart[]) => {
    const around = encode().length;
    const all = encode(...parts);
    return all.slice(0, all.length - (around - 1));
  };
  describe("what it understands", () => {
    test("text, thinking, usage", async () => {
      const { events } = await play([
        {
          parts: [{ thinking: "hm " }, { thinking: "hm" }, "Hel", "lo"],
          usage: { input: 7, output: 3, cacheRead: 20 },
        },
      ]);
      expect(events).toEqual([
        { type: "thinking", delta: "hm " },
        { type: "thinking", delta: "hm" },
        { type: "text", delta: "Hel" },
        { type: "text", delta: "lo" },
        { type: "done", stop: "stop", usage: { input: 7, output: 3, cacheRead: 20, cacheWrite: 0 } },
      ]);
    });

    test("pictures, each with the message it came with; one that cannot be read is left out, and nothing else", async () => {
      await using model = startFakeModel({ script: ["I see."] });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      const messages: ModelMessage[] = [
        { role: "user", text: "one", pictures: [pictureFile("a", "image/png"), pictureFile("b", "image/jpeg")] },
        { role: "assistant", text: "", toolCalls: [{ id: "c", name: "clock", args: {} }] },
        { role: "tool", callId: "c", name: "clock", text: "noon", failed: false },
        { role: "user", text: "", pictures: [pictureFile("c", "image/webp"), pictureFile("a", "image/png")] },
        { role: "user", text: "three", pictures: [pictureFile("b", "image/jpeg")] },
      ];
      const asked: string[] = [];
      const readPicture = async ({ blob }: { readonly blob: string }) => {
        asked.push(blob);
        return blob === "b" ? undefined : new TextEncoder().encode(`>>${blob}`);
      };
      const events = await ask(provider, { messages, readPicture });
      expect(textOf(events)).toBe("I see.");
      const pictures = model.requests[0]?.messages.flatMap(({ images = [] }) => images);
      const urls = ["data:image/png;base64,Pj5h", "data:image/webp;base64,Pj5j", "data:image/png;base64,Pj5h"];
      expect(pictures).toEqual(urls);
      const texts = model.requests[0]?.messages.filter(({ role }) => role === "user").map(({ text }) => text);
      expect(texts?.join("")).toBe("one(empty message)three");
      expect(new Set(asked)).toEqual(new Set(["a", "b", "c"]));
    });

    test("pictures when it is asked again after a failure", async () => {
      await using model = startFakeModel({
        script: (_call, nth) => (nth === 0 ? error(503) : "I see."),
      });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      const pictures = [{ blob: "a", mimeType: "image/gif", bytes: 3 }];
      await ask(provider, { messages: [{ role: "user", text: "look", pictures }], readPicture: aGif });
      const seen = model.requests.map(({ messages }) => messages[0]?.images);
      expect(seen).toEqual([["data:image/gif;base64,R0lG"], ["data:image/gif;base64,R0lG"]]);
    });

    test("several tool calls beside text", async () => {
      const second = { toolCall: { id: "call_2", name: "clock", args: { zone: "Asia/Tokyo" } } };
      const { events } = await play([{ parts: ["I look. ", clockCall, second] }]);
      expect(textOf(events)).toBe("I look. ");
      expect(callsOf(events)).toEqual([
        { type: "toolCall", ...clockCall.toolCall },
        { type: "toolCall", ...second.toolCall },
      ]);
      expect(doneOf(events).stop).toBe("toolUse");
    });

    test("a tool call without arguments", async () => {
      const { events } = await play([{ parts: [{ toolCall: { id: "call_1", name: "clock", rawArgs: "" } }] }]);
      expect(callsOf(events)).toEqual([{ type: "toolCall", id: "call_1", name: "clock", args: {} }]);
    });

    test("an answer that reached its length limit", async () => {
      const finish = api === "anthropic-messages" ? "max_tokens" : "length";
      const { events } = await play([{ parts: ["and so on"], finish }]);
      expect(doneOf(events).stop).toBe("length");
    });

    test.each(['{"zone": "Eur', ""])(
      "a tool call cut off by the length limit at %p, which is told and not run",
      async (rawArgs) => {
        const finish = api === "anthropic-messages" ? "max_tokens" : "length";
        const { events } = await play([{ parts: [{ toolCall: { id: "a", name: "clock", rawArgs } }], finish }]);
        expect(callsOf(events)).toMatchObject([{ args: {}, argsProblem: expect.stringContaining("length limit") }]);
        expect(doneOf(events).stop).toBe("toolUse");
      },
    );

    test("a refusal", async () => {
      const finish = api === "anthropic-messages" ? "refusal" : "content_filter";
      const { events } = await play([{ parts: [], finish }]);
      expect(problemOf(events).kind).toBe("refusal");
    });

    test("an unknown reason to finish, as an end", async () => {
      const { events } = await play([{ parts: ["bye"], finish: "tired" }]);
      expect(doneOf(events).stop).toBe("stop");
    });

    test.each([
      ["not JSON", "{zone:}"],
      ["two JSONs", '{"zone":"a"}{"zone":"b"}'],
      ["no object", '["a"]'],
    ])("arguments that are %s, as a problem for the model", async (_what, rawArgs) => {
      const { events } = await play([{ parts: [{ toolCall: { id: "a", name: "clock", rawArgs } }] }]);
      expect(callsOf(events)).toMatchObject([{ args: {}, argsProblem: expect.stringContaining(rawArgs) }]);
    });

    test("call ids that repeat, within the answer and from before, as different calls", async () => {
      await using model = startFakeModel({ script: [{ parts: [clockCall, clockCall] }] });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      const events = await ask(provider, {
        messages: [
          { role: "user", text: "what time is it?" },
          { role: "assistant", text: "", toolCalls: [{ id: "call_1", name: "clock", args: {} }] },
          { role: "tool", callId: "call_1", name: "clock", text: "noon", failed: false },
        ],
      });
      const ids = callsOf(events).map((call) => call.id);
      expect(ids).toHaveLength(2);
      expect(new Set([...ids, "call_1"]).size).toBe(3);
    });

    test("a call without an id, which gets one", async () => {
      const { events } = await play([{ parts: [{ toolCall: { id: "", name: "clock", args: {} } }] }]);
      expect(callsOf(events)[0]?.id).toMatch(/.{8,}/);
    });

    test("names that nobody could send back, made harmless", async () => {
      const { events } = await play([{ parts: [{ toolCall: { id: "a", name: "functions.clock()", args: {} } }] }]);
      expect(callsOf(events)[0]?.name).toBe("functions_clock__");
    });

    test("usage that is missing, as none", async () => {
      const { events } = await play([{ parts: ["x"], usage: null }]);
      expect(doneOf(events).usage).toEqual({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 });
    });
  });

  describe("bytes in every shape", () => {
    const said = "Größe 🌍 — 日本";
    test.each([
      ["CRLF", (all: string) => all.replaceAll("\n", "\r\n")],
      ["CR", (all: string) => all.replaceAll("\n", "\r")],
      ["a byte order mark", (all: string) => `\ufeff${all}`],
      ["comments", (all: string) => all.replaceAll("\n\n", "\n\n: still here\n\n")],
      ["no space after the colon", (all: string) => all.replaceAll("data: ", "data:")],
    ])("%s, cut into pieces of three bytes", async (_what, change) => {
      const bytes = Buffer.from(change(encode(said, clockCall).join("")));
      const chunks = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, i) => bytes.subarray(i * 3, i * 3 + 3));
      await using model = startFakeModel({ script: [{ chunks, ending: "end" }] });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      const events = await ask(provider);
      expect(textOf(events)).toBe(said);
      expect(callsOf(events)).toHaveLength(1);
    });

    test("pieces that come one by one and split characters and lines", async () => {
      const bytes = Buffer.from(encode(said).join("").replaceAll("\n", "\r\n"));
      const chunks = Array.from({ length: Math.ceil(bytes.length / 11) }, (_, i) =>
        bytes.subarray(i * 11, i * 11 + 11),
      );
      const { events } = await play([{ chunks, apart: true }]);
      expect(textOf(events)).toBe(said);
      doneOf(events);
    });

    test("a stream that ends after its finish without the last event", async () => {
      const all = encode("whole");
      const { events } = await play([{ chunks: all.slice(0, -1) }]);
      expect(textOf(events)).toBe("whole");
      expect(doneOf(events).stop).toBe("stop");
    });

    test("a stream whose last event lacks its empty line", async () => {
      const all = encode("whole");
      const finish = all.findLastIndex((event) => /"stop"|end_turn/.test(event));
      const { events } = await play([
        {
          chunks: [
            all
              .slice(0, finish + 1)
              .join("")
              .trimEnd(),
          ],
        },
      ]);
      expect(textOf(events)).toBe("whole");
      expect(doneOf(events).stop).toBe("stop");
    });

    test("a stream that finished and is then held open", async () => {
      const chunks = encode("whole").slice(0, -1);
      const { events } = await play([{ chunks, ending: "hang" }], patience("hang"));
      expect(doneOf(events).stop).toBe("stop");
    });

    test("100,000 deltas with nothing in them", async () => {
      const [empty = ""] = encode("NOTHING").filter((event) => event.includes("NOTHING"));
      const nothing = empty.replace("NOTHING", "").repeat(100_000);
      const all = encode("some", "thing");
      const { events } = await play([{ chunks: [...all.slice(0, 3), nothing, ...all.slice(3)] }]);
      expect(textOf(events)).toBe("something");
      expect(events).toHaveLength(3);
    });
  });

  describe("what is no answer", () => {
    test.each([
      ["is closed before its end", "end", "network"],
      ["is reset", "reset", "network"],
      ["falls silent", "hang", "timeout"],
    ] as const)("a stream that %s in the middle fails once, and what was said stays", async (_what, ending, kind) => {
      const heard = Promise.withResolvers<void>();
      const chunks = [...onlyParts("half an ans"), heard.promise];
      const { events, requests } = await play([{ chunks, ending }, "again?"], patience(ending), heard.resolve);
      expect(textOf(events)).toBe("half an ans");
      expect(problemOf(events).kind).toBe(kind);
      expect(requests).toHaveLength(1);
    });

    test.each(["end", "reset", "hang"] as const)("half a tool call is no call (%s)", async (ending) => {
      const all = encode("I look. ", clockCall);
      const half = all.findLastIndex((event) => event.includes("partial_json") || event.includes("arguments"));
      const heard = Promise.withResolvers<void>();
      const chunks = [...all.slice(0, half), heard.promise];
      const { events } = await play([{ chunks, ending }], patience(ending), heard.resolve);
      expect(textOf(events)).toBe("I look. ");
      expect(callsOf(events)).toEqual([]);
      problemOf(events);
    });

    test.each(["end", "reset", "hang"] as const)(
      "a stream that ends before its first part is asked for again (%s)",
      async (ending) => {
        const script = [{ chunks: [": hello\n\n"], ending }, "second try"];
        const { events, requests } = await play(script, patience(ending));
        expect(textOf(events)).toBe("second try");
        expect(requests).toHaveLength(2);
      },
    );

    test.each([
      ["a web page", { headers: { "content-type": "text/html" }, chunks: ["<!doctype html><h1>Welcome</h1>"] }],
      ["JSON all at once", { headers: { "content-type": "application/json" }, chunks: ['{"id":"1","choices":[]}'] }],
      ["events that are not JSON", { chunks: ["data: hello\n\n"] }],
      ["events of another kind", { chunks: ["data: [1,2]\n\n"] }],
    ])("%s with status 200", async (_what, reply) => {
      const { events, requests } = await play(() => reply);
      expect(problemOf(events).kind).toBe("badResponse");
      expect(requests).toHaveLength(1);
    });

    test("a web page is not quoted", async () => {
      const page: Reply = {
        status: 404,
        headers: { "content-type": "text/html" },
        chunks: ["<html>lots of markup</html>"],
      };
      const { events } = await play([page]);
      expect(problemOf(events).message).toContain("base_url");
      expect(problemOf(events).message).not.toContain("markup");
    });

    test("a body that claims to be compressed", async () => {
      const { events } = await play([{ headers: { "content-encoding": "gzip" }, chunks: ["no gzip"] }]);
      expect(problemOf(events).kind).toBe("badResponse");
    });

    test("an event of 10 MB in one line", async () => {
      const { events } = await play([{ chunks: [`data: "${"x".repeat(10 * 1024 * 1024)}`] }]);
      expect(problemOf(events).kind).toBe("badResponse");
    });

    test("text without end", async () => {
      const [endless = ""] = encode("x".repeat(512 * 1024)).filter((event) => event.includes("xxx"));
      const { events } = await play([{ chunks: [...encode("a").slice(0, 1), endless.repeat(9)] }]);
      expect(problemOf(events).kind).toBe("badResponse");
      expect(textOf(events).length).toBeLessThanOrEqual(4 * 1024 * 1024);
    });

    test("tool arguments without end", async () => {
      const rawArgs = `{"zone":"${"x".repeat(1024 * 1024)}"}`;
      const { events } = await play([{ parts: [{ toolCall: { id: "a", name: "clock", rawArgs } }] }]);
      expect(problemOf(events).kind).toBe("badResponse");
      expect(callsOf(events)).toEqual([]);
    });

    test("more tool calls than anybody means", async () => {
      const parts = Array.from({ length: 129 }, (_, i) => ({ toolCall: { id: `c${i}`, name: "clock", args: {} } }));
      const { events } = await play([{ parts }]);
      expect(problemOf(events).kind).toBe("badResponse");
      expect(callsOf(events)).toEqual([]);
    });
  });

  describe("refusals and failures of the server", () => {
    test.each([
      [301, "badRequest"],
      [400, "badRequest"],
      [401, "auth"],
      [402, "billing"],
      [403, "auth"],
      [404, "badRequest"],
      [413, "contextLength"],
      [422, "badRequest"],
    ] as const)("%d is %s, and asking again would not help", async (status, kind) => {
      const { events, requests } = await play(() => error(status, "this is why"));
      expect(problemOf(events).kind).toBe(kind);
      expect(problemOf(events).message).toStartWith("fake: ");
      expect(problemOf(events).message).toContain("this is why");
      expect(requests).toHaveLength(1);
    });

    test.each([
      [408, "timeout"],
      [409, "overloaded"],
      [429, "rateLimit"],
      [500, "overloaded"],
      [502, "overloaded"],
      [503, "overloaded"],
      [504, "timeout"],
      [529, "overloaded"],
    ] as const)("%d is asked again, five times at most, and then is %s", async (status, kind) => {
      const better = await play([error(status), "better now"]);
      expect(textOf(better.events)).toBe("better now");
      expect(better.requests).toHaveLength(2);
      const never = await play(() => error(status));
      expect(problemOf(never.events).kind).toBe(kind);
      expect(never.requests).toHaveLength(5);
      expect(never.pauses).toHaveLength(4);
    });

    test.each([
      ["This model's maximum context length is 8192 tokens.", 400, "contextLength"],
      ["prompt is too long: 210000 tokens > 200000 maximum", 400, "contextLength"],
      ["the request exceeds the available context size", 400, "contextLength"],
      ["You exceeded your quota (insufficient_quota)", 429, "billing"],
      ["Your credit balance is too low to access the API", 400, "billing"],
    ] as const)("“%s” is understood", async (message, status, kind) => {
      const { events, requests } = await play(() => error(status, message));
      expect(problemOf(events).kind).toBe(kind);
      expect(requests).toHaveLength(1);
    });

    test.each([
      ["seconds", { "retry-after": "7" }, 7_000],
      ["milliseconds", { "retry-after-ms": "1500" }, 1_500],
    ])("waits as long as it is asked to, in %s", async (_what, headers, ms) => {
      const { pauses } = await play([error(429, "slow down", headers), "now"]);
      expect(pauses).toHaveLength(1);
      expect(pauses[0]).toBeGreaterThanOrEqual(ms);
      expect(pauses[0]).toBeLessThanOrEqual(ms + 500);
    });

    test("waits until the time it is told", async () => {
      const date = new Date(Date.now() + 30_000).toUTCString();
      const { pauses } = await play([error(503, "later", { "retry-after": date }), "now"]);
      expect(pauses[0]).toBeWithin(25_000, 31_000);
    });

    test("does not wait for an hour, and says that it was asked to", async () => {
      const { events, requests } = await play(() => error(429, "slow down", { "retry-after": "3600" }));
      expect(problemOf(events)).toMatchObject({ kind: "rateLimit", message: expect.stringContaining("3600 s") });
      expect(requests).toHaveLength(1);
    });

    test("does not ask again when told not to", async () => {
      const { requests } = await play(() => error(500, "broken", { "x-should-retry": "false" }));
      expect(requests).toHaveLength(1);
    });

    test("an error inside the stream is asked again before the first part, and ends the answer after it", async () => {
      const overloaded = errorEvent("overloaded_error", "Overloaded");
      const before = await play([{ chunks: [overloaded] }, "second try"]);
      expect(textOf(before.events)).toBe("second try");
      const after = await play([{ chunks: [...onlyParts("half"), overloaded] }, "second try"]);
      expect(textOf(after.events)).toBe("half");
      expect(problemOf(after.events)).toMatchObject({
        kind: "overloaded",
        message: expect.stringContaining("Overloaded"),
      });
      expect(after.requests).toHaveLength(1);
    });

    test("an error with status 200 and the type of JSON is an error", async () => {
      const body = JSON.stringify({ error: { code: 429, message: "slow down" } });
      const { events } = await play(() => ({ headers: { "content-type": "application/json" }, chunks: [body] }));
      expect(problemOf(events).kind).toBe("rateLimit");
    });

    test("an error body without end is read to its beginning", async () => {
      const { events } = await play([{ status: 400, chunks: ["because ", "x".repeat(200_000)], ending: "hang" }]);
      expect(problemOf(events).message).toContain("because");
    });

    test("a redirect is not followed, so no key goes anywhere else", async () => {
      await using other = startFakeModel({ script: () => "I am elsewhere" });
      const path = api === "anthropic-messages" ? "/messages" : "/chat/completions";
      const { events } = await play(() => ({ status: 307, headers: { location: other.url + path }, chunks: [] }));
      expect(problemOf(events).kind).toBe("badRequest");
      expect(other.requests).toEqual([]);
    });
  });

  describe("the network", () => {
    test("a port where nobody listens is tried five times", async () => {
      const model = startFakeModel({ script: [] });
      await model[Symbol.asyncDispose]();
      const { provider, pauses } = await openProvider(api, { baseUrl: model.url });
      const problem = problemOf(await ask(provider));
      expect(problem).toMatchObject({ kind: "network", message: expect.stringContaining("127.0.0.1:") });
      expect(pauses).toHaveLength(4);
    });

    test("a server without TLS is not asked twice", async () => {
      await using model = startFakeModel({ script: [] });
      const { provider, pauses } = await openProvider(api, { baseUrl: model.url.replace("http:", "https:") });
      expect(problemOf(await ask(provider)).kind).toBe("network");
      expect(pauses).toEqual([]);
    });

    test("a connection that is cut before the answer begins", async () => {
      using server = Bun.listen({
        hostname: "127.0.0.1",
        port: 0,
        socket: { data: (socket) => socket.terminate() },
      });
      const { provider, pauses } = await openProvider(api, { baseUrl: `http://127.0.0.1:${server.port}/v1` });
      expect(problemOf(await ask(provider)).kind).toBe("network");
      expect(pauses).toHaveLength(4);
    });

    test("silence before the answer ends in a timeout", async () => {
      const { events } = await play(() => ({ chunks: [], ending: "hang" }), { timeoutSeconds: 0.05 });
      expect(problemOf(events)).toMatchObject({ kind: "timeout", message: expect.stringContaining("0.05 s") });
    });

    test("comments show that a busy server is still there", async () => {
      const chunks = [
        ...Array.from({ length: 8 }, (_, i) => [Bun.sleep(50 * i), ": processing\n\n"]).flat(),
        ...encode("done"),
      ];
      const { events, requests } = await play([{ chunks }], { timeoutSeconds: 0.25 });
      expect(textOf(events)).toBe("done");
      expect(requests).toHaveLength(1);
    });

    test("a slow reader is no silent server", async () => {
      const gate = Promise.withResolvers<void>();
      await using model = startFakeModel({ script: [{ parts: ["one ", gate.promise, "two"] }] });
      const { provider } = await openProvider(api, { baseUrl: model.url, timeoutSeconds: 0.2 });
      const types: string[] = [];
      for await (const event of provider.stream(newRequest(), neverAborted)) {
        types.push(event.type);
        if (types.length === 1) await Bun.sleep(500);
        gate.resolve();
      }
      expect(types).toEqual(["text", "text", "done"]);
    });

    test("one connection serves many answers, also when they end a moment after their last event", async () => {
      const ports = new Set<number | undefined>();
      let open: ReadableStreamDefaultController<string> | undefined;
      await using server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: (request, self) => {
          ports.add(self.requestIP(request)?.port);
          const body = new ReadableStream<string>({
            start: (controller) => {
              controller.enqueue(encode("hi").join(""));
              open = controller;
            },
          });
          return new Response(body, { headers: { "content-type": "text/event-stream" } });
        },
      });
      const { provider } = await openProvider(api, { baseUrl: `http://127.0.0.1:${server.port}/v1` });
      for (let i = 0; i < 5; i++) {
        doneOf(await ask(provider));
        open?.close();
        // The end has to arrive before the connection can be used again.
        await Bun.sleep(20);
      }
      expect(ports.size).toBe(1);
    });
  });

  describe("stopping", () => {
    test("before the answer begins", async () => {
      await using model = startFakeModel({ script: () => new Promise<never>(() => {}) });
      expect(await stopWhen(model.received(1), api, model)).toEqual([]);
    });

    test("in the middle of the answer", async () => {
      await using model = startFakeModel({ script: [{ chunks: onlyParts("a"), ending: "hang" }] });
      expect(
        await stopWhen(
          model.received(1).then(() => Bun.sleep(20)),
          api,
          model,
        ),
      ).toEqual([]);
      expect(model.open).toBe(0);
    });

    test("between two tries", async () => {
      await using model = startFakeModel({ script: () => error(503) });
      const stop = new AbortController();
      const { provider } = await openProvider(api, { baseUrl: model.url });
      void model.received(2).then(() => stop.abort());
      expect(await Array.fromAsync(provider.stream(newRequest(), stop.signal))).toEqual([]);
      expect(model.requests.length).toBeLessThan(5);
    });

    test("by not listening any more", async () => {
      await using model = startFakeModel({ script: [{ chunks: onlyParts("a"), ending: "hang" }] });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      for await (const event of provider.stream(newRequest(), new AbortController().signal)) {
        if (event.type === "text") break;
      }
      await model.idle();
    });
  });

  describe("what it sends", () => {
    const long: readonly ConversationMessage[] = [
      { role: "assistant", text: "(summary of before)", toolCalls: [] },
      { role: "user", text: "what time is it in Paris and Tokyo?" },
      {
        role: "assistant",
        text: "I look.",
        toolCalls: [
          { id: "functions.clock:0", name: "clock", args: { zone: "Europe/Paris" } },
          { id: "b", name: "clock", args: { zone: "Asia/Tokyo" } },
        ],
      },
      { role: "tool", callId: "functions.clock:0", name: "clock", text: "noon", failed: false },
      { role: "tool", callId: "b", name: "clock", text: "", failed: true },
      { role: "assistant", text: "", toolCalls: [] },
      { role: "user", text: "" },
    ];

    test("a whole conversation, in a form the API accepts", async () => {
      await using model = startFakeModel({ script: ["ok"] });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      doneOf(await ask(provider, { system: "Be brief.", messages: long, tools: [clock] }));
      const [call] = model.requests;
      expect(call).toMatchObject({ model: "some-model", system: "Be brief.", tools: ["clock"] });
      const messages = call?.messages ?? [];
      const calls = messages.flatMap((message) => message.toolCalls);
      expect(calls.map(({ args }) => args)).toEqual([{ zone: "Europe/Paris" }, { zone: "Asia/Tokyo" }]);
      const results = messages.filter((message) => message.role === "tool");
      expect(results.map(({ callId }) => callId)).toEqual(calls.map(({ id }) => id));
      expect(results.map(({ text }) => text)).toEqual(["noon", "(no output)"]);
      expect(messages.at(-1)).toMatchObject({ role: "user", text: "(empty message)" });
    });

    test("no empty system prompt and no empty list of tools", async () => {
      await using model = startFakeModel({ script: ["ok"] });
      const { provider } = await openProvider(api, { baseUrl: model.url });
      doneOf(await ask(provider, { system: "" }));
      expect(model.requests[0]?.bodyText).not.toContain("system");
      expect(model.requests[0]?.bodyText).not.toContain("tools");
    });

    test("the key, and the headers that were set", async () => {
      const { requests } = await play(["ok"], {
        apiKey: new Secret("key-123456\n"),
        headers: { "x-title": new Secret("Test") },
      });
      const { headers } = requests[0] ?? { headers: new Headers() };
      expect(headers.get("x-title")).toBe("Test");
      expect(headers.get("authorization") ?? headers.get("x-api-key")).toEndWith("key-123456");
    });

    test("no key when there is none, and nothing from the environment", async () => {
      const ambient = {
        OPENAI_API_KEY: "ambient-1",
        OPENAI_ADMIN_KEY: "ambient-2",
        OPENAI_ORG_ID: "ambient-3",
        OPENAI_CUSTOM_HEADERS: "x-ambient: ambient-4",
        OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
        ANTHROPIC_API_KEY: "ambient-5",
        ANTHROPIC_AUTH_TOKEN: "ambient-6",
        ANTHROPIC_CUSTOM_HEADERS: "x-ambient: ambient-7",
        ANTHROPIC_BASE_URL: "http://127.0.0.1:1",
      };
      const before = Object.keys(ambient).map((name) => [name, process.env[name]] as const);
      Object.assign(process.env, ambient);
      try {
        const { requests } = await play(["ok"]);
        const sent = [...(requests[0]?.headers ?? [])].map(([name, value]) => `${name}: ${value}`);
        expect(sent.length).toBeGreaterThan(3);
        expect(sent.filter((header) => /ambient|unused|authorization|api-key/i.test(header))).toEqual([]);
      } finally {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }
    });

    test("no setting that could never be sent, and the refusal does not show it", async () => {
      const opening = openProvider(api, { apiKey: new Secret("key\u0000with-a-secret") });
      const refusal = await opening.catch((reason: unknown) => reason);
      expect(refusal).toMatchObject({ code: "configInvalid" });
      expect(Bun.inspect(refusal)).not.toContain("with-a-secret");
    });

    test("no secret comes back in a problem, whatever the server says", async () => {
      const [key, header] = ["key-123456-of-somebody", "header-secret-value"];
      const echo = `bad key ${key} and ${header}\n${"blah ".repeat(500)}`;
      const settings = { apiKey: new Secret(key), headers: { "x-proxy": new Secret(header) } };
      for (const reply of [error(401, echo), { chunks: [errorEvent("authentication_error", echo)] }]) {
        const problem = problemOf((await play([reply], settings)).events);
        expect(problem.kind).toBe("auth");
        expect(problem.message).toContain("bad key [secret] and [secret]");
        expect(problem.message.length).toBeLessThanOrEqual(500);
        expect(problem.message).not.toContain("\n");
      }
    });
  });

  test("thinking is kept apart from text", async () => {
    const { events } = await play([{ parts: [{ thinking: "let me see" }, "yes"] }]);
    expect([thinkingOf(events), textOf(events)]).toEqual(["let me see", "yes"]);
  });
});
