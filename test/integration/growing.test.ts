import { describe, expect, test } from "bun:test";
import type { ModelEvent } from "#providers";
import { FakeSlate } from "../support/fake-slate.ts";
import { join } from "node:path";
import { says } from "../support/scripted-provider.ts";
import { serveSlate, slateAt } from "../support/slate-at.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { aborted, type Answer, over, Walk, type WalkOptions } from "../support/walk.ts";

const key = "agent:main:pigeon:default:direct:c1";
const inChat = { sessionKey: key, from: { channel: "pigeon", chat: "c1" } };
const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** An answer that a test writes word by word. */
class Words {
  readonly #parts: string[] = [];
  #more = Promise.withResolvers<void>();
  #isOver = false;

  say(part: string): void {
    this.#parts.push(part);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  readonly answer: Answer = (_request, signal) => this.#stream(signal);

  async *#stream(signal: AbortSignal): AsyncGenerator<ModelEvent> {
    for (let said = 0; !signal.aborted;) {
      const part = this.#parts[said];
      if (part !== undefined) {
        said++;
        yield { type: "text", delta: part };
      } else if (this.#isOver) return yield { type: "done", stop: "stop", usage };
      else await Promise.race([this.#more.promise, aborted(signal)]);
    }
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

async function steps(walk: Walk): Promise<string[]> {
  const [trace] = await walk.gateway.trace("m1");
  return (trace?.steps ?? []).map(({ what }) => what);
}

async function isDelivered(walk: Walk): Promise<boolean> {
  return (await walk.storage.outbox({ limit: 1 })).length === 0 && (await walk.storage.openRuns()).length === 0;
}

interface Stage extends AsyncDisposable {
  readonly slate: FakeSlate;
  readonly words: Words;
  readonly walk: Walk;
}

async function stage(
  able: Parameters<FakeSlate["line"]>[0] = { canFind: true },
  options: Partial<WalkOptions> = {},
): Promise<Stage> {
  const rooms = new AsyncDisposableStack();
  const folder = rooms.use(tempFolder());
  const [slate, words] = [new FakeSlate(), new Words()];
  const walk = rooms.use(
    new Walk({ folder: folder.path, channels: [slate.line(able)], answer: words.answer, ...options }),
  );
  return { slate, words, walk, [Symbol.asyncDispose]: () => rooms.disposeAsync() };
}

describe("an answer that is shown while it grows", () => {
  test("is one message, which the answer is written into; the trace tells of it", async () => {
    await using on = await stage();
    await on.walk.say("hello", inChat);
    on.words.say("Let **me");
    await until("a beginning, with what is open closed", () => on.slate.texts[0] === "Let **me**");
    on.words.say(" think**, so");
    await until("more of it", () => on.slate.texts[0] === "Let **me think**, so");
    on.words.say(" it is.");
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["Let **me think**, so it is."]);
    expect(on.slate.calls("send")).toBe(1);
    const log = await on.walk.log(key);
    expect(log.filter(({ kind }) => kind === "MessageSent")).toMatchObject([{ runId: "m1", messageId: "s1" }]);
    expect(await steps(on.walk)).toEqual(["received", "started", "answered", "delivered", "deliveryEdited"]);
    await until("nothing kept", async () => (await previews(on.walk)).length === 0);
  });

  test("that is whole at once is sent as it is", async () => {
    await using on = await stage(undefined, { answer: () => says("short") });
    await on.walk.say("hello", inChat);
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["short"]);
    expect(on.slate.calls("edit")).toBe(0);
    expect(await steps(on.walk)).not.toContain("deliveryEdited");
  });

  test("is not shown where that is not wanted", async () => {
    const slate = new FakeSlate();
    const words = new Words();
    using folder = tempFolder();
    const line = slate.line({}, { streaming: "off" });
    await using walk = new Walk({ folder: folder.path, channels: [line], answer: words.answer });
    await walk.say("hello", inChat);
    words.say("so far");
    await Bun.sleep(50); // longer than a beginning takes
    expect(slate.texts).toEqual([]);
    words.end();
    await until("its delivery", () => isDelivered(walk));
    expect(slate.texts).toEqual(["so far"]);
  });

  test("goes on in further messages when it is longer than one", async () => {
    await using on = await stage({ canFind: true, most: 60 });
    await on.walk.say("hello", inChat);
    on.words.say("one two three four five. ");
    await until("a beginning", () => on.slate.texts.length === 1);
    on.words.say("word ".repeat(30).trim());
    await until("as much as one message takes", () => (on.slate.texts[0]?.length ?? 0) > 40);
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts.length).toBeGreaterThan(2);
    expect(on.slate.ids).toEqual(on.slate.texts.map((_text, i) => `s${i + 1}`));
    expect(on.slate.texts.every((text) => text.length <= 60)).toBe(true);
    expect(on.slate.texts.join(" ")).toBe(`one two three four five. ${"word ".repeat(30).trim()}`);
  });

  test("by blocks shows whole paragraphs alone", async () => {
    const slate = new FakeSlate();
    const words = new Words();
    using folder = tempFolder();
    const line = slate.line({ canFind: true }, { streaming: "block" });
    await using walk = new Walk({ folder: folder.path, channels: [line], answer: words.answer });
    await walk.say("hello", inChat);
    words.say("one\n\ntwo is");
    await until("the first", () => slate.texts.length > 0);
    words.say(" half\n\nthree");
    await until("the second", () => slate.texts[0]?.includes("half") === true);
    words.end();
    await until("its delivery", () => isDelivered(walk));
    expect(slate.saying.get("s1")).toEqual(["one", "one\n\ntwo is half", "one\n\ntwo is half\n\nthree"]);
  });

  test("bears the name of its agent from the beginning, where the chat has several", async () => {
    await using on = await stage(undefined, { labelOf: () => "**Ann**" });
    await on.walk.say("hello", inChat);
    on.words.say("so");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.words.say(" it is");
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.saying.get("s1")?.[0]).toBe("**Ann**\nso");
    expect(on.slate.texts).toEqual(["**Ann**\nso it is"]);
  });

  test("is a reply where the settings want that, and says no more than its last word", async () => {
    const slate = new FakeSlate();
    const words = new Words();
    using folder = tempFolder();
    const line = slate.line({ canFind: true }, { streaming: "partial", replyTo: "first" });
    await using walk = new Walk({ folder: folder.path, channels: [line], answer: words.answer });
    await walk.say("hello", inChat);
    words.say("so");
    await until("a beginning", () => slate.texts.length > 0);
    words.end();
    await until("its delivery", () => isDelivered(walk));
    expect(slate.asked.filter(({ verb }) => verb === "send").map(({ replyTo }) => replyTo)).toEqual(["m1"]);
  });
});

test("what was said before tools were used makes room for what is said after", async () => {
  const words = new Words();
  let calls = 0;
  const answer: Answer = (request, signal) =>
    ++calls > 1
      ? words.answer(request, signal)
      : [
          { type: "text", delta: "let me look" },
          { type: "toolCall", id: "1", name: "clock", args: {} },
          { type: "done", stop: "toolUse", usage },
        ];
  await using on = await stage(undefined, { answer });
  await on.walk.say("hello", inChat);
  await on.walk.wasAsked(2);
  words.say("it is");
  await until("the new words", () => on.slate.texts[0] === "it is");
  words.say(" four");
  words.end();
  await until("its delivery", () => isDelivered(on.walk));
  expect(on.slate.texts).toEqual(["it is four"]);
});

describe("a turn that ends without an answer leaves nothing half said", () => {
  test("one that failed says why, below what there was", async () => {
    await using on = await stage(undefined, { timeoutMs: 1_200 });
    await on.walk.say("hello", inChat);
    on.words.say("I was about to");
    await until("a beginning", () => on.slate.texts.length > 0);
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["I was about to\n\nThe turn took longer than 1.2 seconds."]);
    expect(on.slate.calls("send")).toBe(1);
  });

  test("one that was stopped while its tools worked takes away what was shown", async () => {
    let calls = 0;
    const gate = Promise.withResolvers<void>();
    const answer: Answer = async function* (_request, signal) {
      if (++calls > 1) return aborted(signal);
      yield { type: "text", delta: "let me look" } as const;
      await gate.promise;
      yield { type: "toolCall", id: "1", name: "clock", args: {} } as const;
    };
    await using on = await stage(undefined, { answer });
    await on.walk.say("hello", inChat);
    await until("a beginning", () => on.slate.texts[0] === "let me look");
    gate.resolve();
    await on.walk.wasAsked(2);
    await on.walk.gateway.abort({ sessionKey: key });
    await until("its end", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual([]);
    expect((await steps(on.walk)).slice(-2)).toEqual(["cancelled", "deliveryWithdrawn"]);
    expect((await on.walk.log(key)).map(({ kind }) => kind)).not.toContain("MessageSent");
  });
});

test("an answer does not begin before the one that its chat waits for", async () => {
  const words = new Words();
  const answer: Answer = (request, signal) =>
    JSON.stringify(request.messages).includes("second") ? words.answer(request, signal) : says("the first");
  await using on = await stage(undefined, { answer });
  on.slate.retryAfterMs = 0;
  on.slate.moods.send.push("isBusy");
  await on.walk.say("first", inChat);
  await until("a refusal", () => on.slate.calls("send") === 1);
  await on.walk.say("second", { ...inChat, id: "m2", runId: "m2" });
  await on.walk.wasAsked(2);
  words.say("now the");
  await until("a beginning", () => on.slate.texts.includes("now the"));
  words.say(" second");
  words.end();
  await until("its delivery", () => isDelivered(on.walk));
  expect(on.slate.texts).toEqual(["the first", "now the second"]);
});

describe("whatever the platform does, there is one message", () => {
  test("a beginning that nobody heard of is looked for, and goes on", async () => {
    await using on = await stage();
    on.slate.moods.send.push("takesInSilence");
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.words.say(" two");
    await until("more", () => on.slate.texts[0] === "one two");
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two"]);
  });

  test("a beginning that did not arrive is begun again", async () => {
    await using on = await stage();
    on.slate.moods.send.push("breaks", "isBusy");
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one"]);
  });

  test("where keys cannot be looked for, but are known when they come again, the answer is written over it", async () => {
    await using on = await stage({ knowsRepeats: true });
    on.slate.moods.send.push("takesInSilence");
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.words.say(" two");
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two"]);
    expect(await steps(on.walk)).toContain("deliveryUncertain");
  });

  test("where nobody can tell, the answer comes all the same, and the log says that it may be there twice", async () => {
    await using on = await stage({});
    on.slate.moods.send.push("takesInSilence");
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts.at(-1)).toBe("one");
    expect(await steps(on.walk)).toContain("deliveryUncertain");
  });

  test.each([["isBusy"], ["breaks"], ["refusesForGood"]] as const)(
    "the log says so, too, where the answer came and the word to it %s at first",
    async (mood) => {
      await using on = await stage({});
      on.slate.moods.send.push("takesInSilence");
      on.slate.moods.edit.push(mood);
      await on.walk.say("hello", inChat);
      on.words.say("one");
      await until("a beginning", () => on.slate.texts.length > 0);
      on.words.end();
      await until("its delivery", () => isDelivered(on.walk));
      expect(on.slate.texts).toEqual(["one", "one"]);
      expect(await steps(on.walk)).toContain("deliveryUncertain");
    },
  );

  test("a platform that is busy is left alone, and has all of it in the end", async () => {
    await using on = await stage();
    on.slate.retryAfterMs = 300;
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.slate.moods.edit.push("isBusy", "takes", "isBusy");
    on.words.say(" two");
    await until("a refusal", () => on.slate.calls("edit") === 1);
    on.words.say(" three");
    await until("more", () => on.slate.texts[0] === "one two three");
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two three"]);
    const at = on.slate.asked.filter(({ verb }) => verb === "edit").map((one) => one.at);
    const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    expect(gaps).toHaveLength(3);
    expect(gaps[0]).toBeGreaterThanOrEqual(299);
    expect(gaps[2]).toBeGreaterThanOrEqual(299);
  });

  test.each([["takesInSilence"], ["breaks"]] as const)("a last word that %s is said again", async (mood) => {
    await using on = await stage({});
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.slate.moods.edit.push(mood, mood);
    on.words.end();
    on.words.say(" two");
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two"]);
    expect(await steps(on.walk)).not.toContain("deliveryUncertain");
  });

  test("one that a person deleted is sent anew", async () => {
    await using on = await stage();
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.slate.remove("s1");
    on.words.say(" two");
    await until("an edit", () => on.slate.calls("edit") > 0);
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two"]);
    expect(on.slate.ids).toEqual(["s2"]);
  });

  test("one that can no longer be edited does not stand beside the answer", async () => {
    await using on = await stage();
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.slate.moods.edit.push("refusesForGood", "refusesForGood");
    on.words.say(" two");
    await until("an edit", () => on.slate.calls("edit") > 0);
    on.words.end();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two"]);
    expect(on.slate.ids).toEqual(["s2"]);
  });

  test("when the answer is on its way to the disk, no other step is begun", async () => {
    const kept = Promise.withResolvers<void>();
    const between: WalkOptions["between"] = (storage) =>
      over(storage, {
        append: async (append) => {
          if (append.events.some(({ event }) => event.kind === "AgentResponse")) await kept.promise;
          return storage.append(append);
        },
      });
    await using on = await stage({ canFind: true, growEveryMs: 60 }, { between });
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    on.words.say(" two");
    on.words.end();
    await Bun.sleep(150); // longer than until the next step
    expect(on.slate.calls("edit")).toBe(0);
    kept.resolve();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.texts).toEqual(["one two"]);
  });

  test("a step that is under way when the answer is there does not come after it", async () => {
    await using on = await stage();
    await on.walk.say("hello", inChat);
    on.words.say("one");
    await until("a beginning", () => on.slate.texts.length > 0);
    const gate = Promise.withResolvers<void>();
    on.slate.gate = gate.promise;
    on.words.say(" two");
    await until("a step under way", () => on.slate.calls("edit") === 1);
    on.words.say(" three");
    on.words.end();
    await on.walk.ending("m1", key);
    await until("its claim", async () => (await on.walk.storage.outbox({ limit: 1 }))[0]?.claim === 1);
    gate.resolve();
    await until("its delivery", () => isDelivered(on.walk));
    expect(on.slate.saying.get("s1")).toEqual(["one", "one two", "one two three"]);
  });
});

describe("a gateway that is killed", () => {
  test.each([
    ["while the answer grows", "takes", {}],
    ["before it hears that the message is there", "takesInSilence", { canFind: true }],
  ] as const)("%s: the next one goes on in the same message", async (_when, mood, able) => {
    const slate = new FakeSlate();
    using folder = tempFolder();
    {
      const words = new Words();
      await using walk = new Walk({
        folder: folder.path,
        channels: [slate.line(able)],
        answer: words.answer,
      });
      if (mood === "takesInSilence") {
        slate.moods.send.push(mood);
        slate.moods.find.push("breaks", "breaks", "breaks");
      }
      await walk.say("hello", inChat);
      words.say("in my first life");
      await until("a beginning", () => slate.texts.length > 0);
      if (mood === "takes") await until("its id on disk", async () => (await previews(walk))[0]?.includes("s1"));
      walk.freeze();
    }
    slate.moods.find.length = 0;
    const words = new Words();
    await using walk = new Walk({
      folder: folder.path,
      channels: [slate.line(able)],
      answer: words.answer,
    });
    await walk.recovered();
    words.say("in my second");
    await until("it grows again", () => slate.texts[0] === "in my second");
    words.say(" life");
    words.end();
    await until("its delivery", () => isDelivered(walk));
    expect(slate.texts).toEqual(["in my second life"]);
    expect(slate.ids).toEqual(["s1"]);
  });

  test("after the answer was recorded: the next one writes it into the same message", async () => {
    const slate = new FakeSlate();
    using folder = tempFolder();
    {
      const words = new Words();
      await using walk = new Walk({
        folder: folder.path,
        channels: [slate.line({ canFind: true })],
        answer: words.answer,
      });
      await walk.say("hello", inChat);
      words.say("half");
      await until("its id on disk", async () => (await previews(walk))[0]?.includes("s1"));
      slate.gate = new Promise(() => {});
      words.say(" and half");
      words.end();
      await walk.ending("m1", key);
      walk.freeze();
    }
    slate.gate = undefined;
    await using walk = new Walk({ folder: folder.path, channels: [slate.line({ canFind: true })] });
    await walk.recovered();
    await until("its delivery", () => isDelivered(walk));
    expect(slate.texts).toEqual(["half and half"]);
    expect(slate.ids).toEqual(["s1"]);
  });
});

test("kill -9 at any moment while an answer grows leaves one message, and that is the answer", async () => {
  for (let round = 0; round < 4; round++) {
    using folder = tempFolder();
    const slate = new FakeSlate();
    await using served = serveSlate(slate.line({ canFind: true }));
    // More lives than these would end the turn.
    for (let life = 0; life < 2; life++) await growUntilKilled(folder.path, { url: served.url, slate, round });
    expect(slate.texts.length).toBeLessThanOrEqual(1);
    await using walk = new Walk({ folder: folder.path, channels: [slateAt(served.url)], answer: () => says("done") });
    await walk.recovered();
    await until("its delivery", async () => (await walk.endings(key)).length === 1 && (await isDelivered(walk)));
    expect(slate.texts).toEqual(["done"]);
  }
}, 60_000);

/** Kills it a random moment after it began to write on the slate, or before. */
async function growUntilKilled(
  folder: string,
  { url, slate, round }: { readonly url: string; readonly slate: FakeSlate; readonly round: number },
): Promise<void> {
  const asked = slate.asked.length;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../support/growing-writer.ts"), folder, url], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await until("a beginning", () => slate.asked.length > asked, 20_000);
  await Bun.sleep(round === 0 ? 0 : Math.random() * 30);
  child.kill("SIGKILL");
  await child.exited;
}

async function previews(walk: Walk): Promise<string[]> {
  return (await walk.storage.records({ kind: "outbound-preview", limit: 9 })).map(({ data }) => data);
}
