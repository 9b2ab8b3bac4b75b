import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { newId, Secret, silentLog, systemClock } from "#base";
import type { Append, Appended, Storage } from "#storage";
import { answered, newEvent, opening, openSqliteFile, received, started, tempFolder } from "../support/storage.ts";
import { openPostgres } from "../../src/storage/postgres/open-postgres.ts";
import { hasPostgres, sharedPostgres } from "../support/postgres.ts";
import { openMemory } from "../../src/storage/memory/open-memory.ts";

interface Backend {
  readonly name: Storage["backend"];
  /** Opens the same storage each time it is called, so that a test can close it and look again. */
  readonly make: () => AsyncDisposable & { readonly open: () => Promise<Storage> };
  /** What is left after it was closed. */
  readonly persists: boolean;
}

const backends: readonly Backend[] = [
  {
    name: "sqlite",
    persists: true,
    make: () => {
      const folder = tempFolder();
      return {
        open: async () => openSqliteFile(join(folder.path, "state.db")),
        [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
      };
    },
  },
  {
    name: "memory",
    persists: false,
    make: () => ({ open: async () => openMemory({ clock: systemClock }), [Symbol.asyncDispose]: async () => {} }),
  },
  {
    name: "postgres",
    persists: true,
    make: () => {
      const url = sharedPostgres().then((server) => server.newDatabase());
      return {
        open: async () =>
          openPostgres({ url: new Secret(await url), place: "postgres", log: silentLog, clock: systemClock }),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  },
];

setDefaultTimeout(30_000); // the first test of PostgreSQL starts a server

const receipt = { scope: "webchat", key: "k1", requestHash: "h1", runId: "r1" };

const here = backends.filter(({ name }) => name !== "postgres" || hasPostgres());

describe.each(here)("$name", ({ name, make, persists }) => {
  test("says which one it is", async () => {
    await using place = make();
    await using storage = await place.open();
    expect(storage.backend).toBe(name);
    expect(await storage.health()).toEqual({ ok: true });
  });

  test("an append opens a session, chains its events and moves its head", async () => {
    await using place = make();
    await using storage = await place.open();
    const events = await taken(storage.append(opening("s1", "agent:main:a", [received("r1", "hi")])));
    expect(events.map((event) => event.seq)).toEqual([1, 2]);
    expect(events[0]?.parentId).toBeUndefined();
    expect(events[1]?.parentId).toBe(events[0]?.id);
    const [third] = await taken(
      storage.append({ sessionId: "s1", events: [newEvent(answered("r1", "ho"), 2_000)], projection: '{"n":1}' }),
    );
    expect(third).toMatchObject({ seq: 3, parentId: events[1]?.id, event: { kind: "AgentResponse", text: "ho" } });
    const row = await storage.sessionByKey("agent:main:a");
    expect(row).toEqual({
      id: "s1",
      key: "agent:main:a",
      agentId: "main",
      createdAt: 1_000,
      updatedAt: 2_000,
      headSeq: 3,
      headHash: third?.hash ?? "",
      projection: '{"n":1}',
    });
    expect(await storage.events("s1", { limit: 10, take: "first" })).toEqual([...events, ...(third ? [third] : [])]);
  });

  test("texts come back as they were, whatever is in them", async () => {
    await using place = make();
    await using storage = await place.open();
    const text = "a\0b\u2028\u{1f600}\ud800 '\"\\ \r\n";
    const [, event] = await taken(storage.append(opening("s1", "agent:main:a", [received("r1", text)])));
    const [, read] = await storage.events("s1", { limit: 10, take: "first" });
    expect(read).toEqual(event);
    expect(read?.event).toMatchObject({ text });
  });

  test("what the caller changes after the call does not reach the log", async () => {
    await using place = make();
    await using storage = await place.open();
    const params = { command: "ls" };
    const call = { kind: "ToolCalled", runId: "r1", callId: "c", tool: "bash", params } as const;
    const waiting = storage.append(opening("s1", "agent:main:a", [call]));
    params.command = "rm";
    const [, event] = await taken(waiting);
    expect(event?.event).toEqual({ ...call, params: { command: "ls" } });
    expect(await storage.events("s1", { limit: 1, take: "last" })).toEqual(event ? [event] : []);
  });

  test.each([
    [{ limit: 2, take: "first" }, [1, 2]],
    [{ limit: 2, take: "last" }, [4, 5]],
    [{ limit: 2, take: "first", after: 2 }, [3, 4]],
    [{ limit: 2, take: "last", before: 4 }, [2, 3]],
    [{ limit: 9, take: "last", after: 1, before: 4 }, [2, 3]],
    [{ limit: 9, take: "first", after: 5 }, []],
    [{ limit: 9, take: "last", before: 1 }, []],
    [{ limit: 0, take: "first" }, []],
    [{ limit: -1, take: "first" }, []],
    [{ limit: 9, take: "last", before: 99 }, [1, 2, 3, 4, 5]],
  ] as const)("the range %o has the events %o", async (range, seqs) => {
    await using place = make();
    await using storage = await place.open();
    const four = Array.from({ length: 4 }, (_, i) => received(`r${i}`, `${i}`));
    await taken(storage.append(opening("s1", "agent:main:a", four)));
    const events = await storage.events("s1", range);
    expect(events.map((event) => event.seq)).toEqual([...seqs]);
  });

  test("a key has one live session; an end gives it free", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s1", "agent:main:a")));
    await expect(storage.append(opening("s2", "agent:main:a"))).rejects.toThrow();
    await taken(storage.append({ sessionId: "s1", events: [newEvent({ kind: "SessionEnded", reason: "reset" })] }));
    expect(await storage.sessionByKey("agent:main:a")).toBeUndefined();
    await expect(storage.append({ sessionId: "s1", events: [newEvent(received("r1", "late"))] })).rejects.toThrow("s1");
    await taken(storage.append(opening("s2", "agent:main:a")));
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ id: "s2" });
    expect(await storage.endedSessions("agent:main:a")).toMatchObject([{ id: "s1", endedAt: 1_000, headSeq: 2 }]);
  });

  test("a successor is written with its predecessor or not at all", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s1", "agent:main:a")));
    const end = newEvent({ kind: "SessionEnded", reason: "reset" });
    const impossible = { ...opening("s1", "agent:main:a") };
    await expect(storage.append({ sessionId: "s1", events: [end], successor: impossible })).rejects.toThrow();
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ id: "s1", headSeq: 1 });
    const events = await taken(
      storage.append({ sessionId: "s1", events: [end], successor: opening("s2", "agent:main:a") }),
    );
    expect(events.map((event) => [event.sessionId, event.seq])).toEqual([
      ["s1", 2],
      ["s2", 1],
    ]);
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ id: "s2" });
  });

  test("a receipt is taken once, also when both ask together and when one waits", async () => {
    await using place = make();
    await using storage = await place.open();
    const [first, second] = await Promise.all([
      storage.append({ ...opening("s1", "agent:main:a", [received("r1", "hi")]), receipt }),
      storage.append({
        ...opening("s2", "agent:main:b", [received("r2", "hi")]),
        receipt: { ...receipt, runId: "r2" },
      }),
    ]);
    expect(first).toMatchObject({ taken: true });
    expect(second).toMatchObject({ taken: false, receipt: { ...receipt, sessionId: "s1" } });
    expect(await storage.sessionByKey("agent:main:b")).toBeUndefined();
    expect(await storage.run("r2")).toBeUndefined();
    expect(await storage.receipt("webchat", "k1")).toMatchObject({ ...receipt, sessionId: "s1" });
    expect(await storage.receipt("telegram", "k1")).toBeUndefined();
    const third = await storage.append({ sessionId: "s1", events: [newEvent(received("r3", "hi"))], receipt });
    expect(third.taken).toBe(false);
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ headSeq: 2 });
  });

  test("an append that cannot be written does not take its neighbours down, and leaves nothing", async () => {
    await using place = make();
    await using storage = await place.open();
    const outbox = [{ id: "o1", to: { channel: "webchat", chat: "c" }, text: "x" }];
    const results = await Promise.allSettled([
      storage.append(opening("s1", "agent:main:a")),
      storage.append({ ...opening("s2", "agent:main:a", [received("r2", "x")]), outbox, receipt }),
      storage.append({ sessionId: "s1", events: [newEvent(received("r1", "after"))] }),
      storage.append({ sessionId: "unknown", events: [newEvent(received("r9", "?"))] }),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    expect(await storage.dueOutbox({ now: Infinity, limit: 10 })).toEqual([]);
    expect(await storage.receipt("webchat", "k1")).toBeUndefined();
    expect(await storage.openRuns()).toMatchObject([{ runId: "r1", sessionId: "s1", key: "agent:main:a" }]);
    expect(await storage.health()).toEqual({ ok: true });
  });

  test("1,000 appends at once all get a place, without gaps, in the order of the calls", async () => {
    await using place = make();
    await using storage = await place.open();
    await Promise.all(Array.from({ length: 4 }, (_, i) => storage.append(opening(`s${i}`, `agent:main:${i}`))));
    const results = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) =>
        taken(storage.append({ sessionId: `s${i % 4}`, events: [newEvent(received(`r${i}`, String(i)))] })),
      ),
    );
    expect(results.map(([event]) => event?.seq)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => 2 + Math.floor(i / 4)),
    );
    const events = await storage.events("s3", { limit: 1_000, take: "first", after: 1 });
    expect(events.map(({ event }) => event)).toMatchObject(
      Array.from({ length: 250 }, (_, i) => ({ runId: `r${i * 4 + 3}` })),
    );
  });

  test("of 100 who bring one receipt at once, one is taken and 99 are shown what was taken", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s1", "agent:main:a")));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        storage.append({
          sessionId: "s1",
          events: [newEvent(received(`r${i}`, "x"))],
          receipt: { ...receipt, runId: `r${i}` },
        }),
      ),
    );
    const [won, ...others] = answers.filter((answer) => answer.taken);
    expect(others).toEqual([]);
    const [event] = won?.events ?? [];
    const winner = event?.event.kind === "MessageReceived" ? event.event.runId : "nobody";
    const shown = answers.flatMap((answer) => (answer.taken ? [] : [answer.receipt.runId]));
    expect(shown).toEqual(Array.from({ length: 99 }, () => winner));
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ headSeq: 2 });
  });

  test("of many who end a session for a successor at once, one does, and the key is never without a session", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s0", "agent:main:a")));
    const resets = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        storage.append({
          sessionId: "s0",
          events: [newEvent({ kind: "SessionEnded", reason: "reset" })],
          successor: opening(`n${i}`, "agent:main:a"),
        }),
      ),
    );
    expect(resets.map(({ status }, i) => [i, status === "fulfilled"])).toEqual(resets.map((_, i) => [i, i === 0]));
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ id: "n0", headSeq: 1 });
    expect(await ids(storage.endedSessions("agent:main:a"))).toEqual(["s0"]);
  });

  test("keys, ids and records hold any text, and records come in the order of its bytes", async () => {
    await using place = make();
    await using storage = await place.open();
    const odd = "a\0b\u0001c'\"\\";
    await taken(storage.append({ ...opening(odd, odd), receipt: { ...receipt, scope: odd, key: odd } }));
    await taken(storage.append({ sessionId: odd, events: [newEvent(received(odd, odd))], projection: odd }));
    expect(await storage.sessionByKey(odd)).toMatchObject({ id: odd, key: odd, headSeq: 2, projection: odd });
    expect(await storage.receipt(odd, odd)).toMatchObject({ scope: odd, key: odd, sessionId: odd });
    expect(await storage.run(odd)).toMatchObject({ runId: odd, key: odd });
    const sorted = ["\u0001", "A", "\\", "a", "a\0", "a\0b", "a\u0001", "aa", "é", "\uffee", "\u{1f600}"];
    await storage.writeRecords(sorted.toReversed().map((id) => ({ kind: odd, id, data: odd })));
    const first = await storage.records({ kind: odd, limit: 4 });
    const rest = await storage.records({ kind: odd, limit: 99, after: first.at(-1)?.id ?? "" });
    expect([...first, ...rest].map(({ id }) => id)).toEqual(sorted);
    expect(first[0]).toMatchObject({ kind: odd, data: odd });
    await storage.deleteSession(odd);
    expect(await storage.sessionByKey(odd)).toBeUndefined();
  });

  test("turns begin with a message and end with an answer that is no tool use", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s1", "agent:main:a", [received("r1", "1"), received("r2", "2")])));
    await taken(storage.append({ sessionId: "s1", events: [newEvent(answered("r1", "", { stopReason: "toolUse" }))] }));
    expect((await storage.openRuns()).map((run) => run.runId)).toEqual(["r1", "r2"]);
    await taken(storage.append({ sessionId: "s1", events: [newEvent(answered("r1", "done"), 5_000)] }));
    const ended = {
      runId: "r1",
      sessionId: "s1",
      key: "agent:main:a",
      seq: 2,
      startedAt: 1_000,
      resumed: 0,
      endedAt: 5_000,
      stopReason: "stop",
    };
    expect(await storage.run("r1")).toEqual({ ...ended, n: expect.any(Number) });
    expect((await storage.openRuns()).map((run) => run.runId)).toEqual(["r2"]);
    await taken(storage.append({ sessionId: "s1", events: [newEvent(received("r1", "one more thing"))] }));
    expect((await storage.openRuns()).map((run) => run.runId)).toEqual(["r1", "r2"]);
    await taken(storage.append({ sessionId: "s1", events: [newEvent({ kind: "SessionEnded", reason: "reset" })] }));
    expect(await storage.openRuns()).toEqual([]);
    expect(await storage.run("r2")).toMatchObject({ stopReason: "aborted" });
    expect(await storage.run("r3")).toBeUndefined();
  });

  test("a turn counts how often it was taken up again", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s1", "agent:main:a", [received("r1", "1"), received("r2", "2")])));
    const resumed = newEvent({ kind: "StateChanged", key: "run.resumed", value: { runId: "r2", attempt: 1 } });
    await taken(storage.append({ sessionId: "s1", events: [resumed] }));
    const odd = newEvent({ kind: "StateChanged", key: "run.resumed", value: "r1" });
    await taken(storage.append({ sessionId: "s1", events: [odd] }));
    expect((await storage.openRuns()).map(({ runId, resumed: times }) => [runId, times])).toEqual([
      ["r1", 0],
      ["r2", 1],
    ]);
  });

  test("an outbox row waits until it is settled", async () => {
    await using place = make();
    await using storage = await place.open();
    const to = { channel: "telegram", account: "a", chat: "7", thread: "2" };
    const rows = [
      { id: "o1", to, text: "a\0b", runId: "r1" },
      { id: "o2", to: { channel: "telegram", chat: "8" }, text: "c" },
    ];
    await taken(storage.append({ ...opening("s1", "agent:main:a"), outbox: rows }));
    const due = await storage.dueOutbox({ now: Date.now() + 1, limit: 10 });
    expect(due).toMatchObject([
      { id: "o1", to, text: "a\0b", runId: "r1", sessionId: "s1", key: "agent:main:a", attempts: 0 },
      { id: "o2", to: { channel: "telegram", chat: "8" }, text: "c" },
    ]);
    const later = Date.now() + 60_000;
    await postpone(storage, "o1", later);
    expect(await ids(storage.dueOutbox({ now: Date.now() + 1, limit: 10 }))).toEqual(["o2"]);
    expect(await ids(storage.dueOutbox({ now: later, limit: 1 }))).toEqual(["o1"]);
    expect((await storage.dueOutbox({ now: later, limit: 1 }))[0]).toMatchObject({ attempts: 1, problem: "timeout" });
    await settle(storage, "o1", later);
    expect(await ids(storage.dueOutbox({ now: later, limit: 10 }))).toEqual(["o2"]);
    expect(await ids(storage.dueOutbox({ now: later, limit: -1 }))).toEqual([]);
  });

  test("an outbox row keeps what files go with it", async () => {
    await using place = make();
    await using storage = await place.open();
    const files = [
      { blob: "b1", name: "a “b”.pdf", mimeType: "application/pdf" },
      { blob: "b2", name: "c.ogg", mimeType: "audio/ogg", asVoice: true },
    ];
    await taken(
      storage.append({ ...opening("s1", "agent:main:a"), outbox: [{ ...pigeon("o1"), files }, pigeon("o2")] }),
    );
    const rows = await storage.outbox({ limit: 10 });
    expect(rows.map((row) => row.files)).toEqual([files, undefined]);
    expect((await storage.dueOutbox({ now: Date.now() + 60_000, limit: 1 }))[0]?.files).toEqual(files);
  });

  test("an outbox row waits for the older ones of its address, and it is known when the next is due", async () => {
    await using place = make();
    await using storage = await place.open();
    const to = { channel: "telegram", account: "a", chat: "7" };
    const sameTo = { chat: "7", account: "a", channel: "telegram" };
    const rows = [
      { id: "o1", to, text: "x" },
      { id: "o2", to: sameTo, text: "x" },
      { id: "o3", to: { ...to, thread: "1" }, text: "x" },
    ];
    await taken(storage.append({ ...opening("s1", "agent:main:a"), outbox: rows }));
    const now = Date.now() + 1;
    expect(await ids(storage.dueOutbox({ now, limit: 10 }))).toEqual(["o1", "o3"]);
    expect(await storage.nextOutboxAt(now)).toBeUndefined();
    await postpone(storage, "o1", now + 500);
    await postpone(storage, "o3", now + 900);
    expect(await ids(storage.dueOutbox({ now, limit: 10 }))).toEqual([]);
    expect(await storage.nextOutboxAt(now)).toBe(now + 500);
    expect(await storage.nextOutboxAt(now + 500)).toBe(now + 900);
    await settle(storage, "o1", now + 500);
    expect(await ids(storage.dueOutbox({ now, limit: 10 }))).toEqual(["o2"]);
  });

  test("a row is taken by one alone, and only who holds it changes it", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append({ ...opening("s1", "agent:main:a"), outbox: [pigeon("o1"), pigeon("o2")] }));
    const now = Date.now() + 1;
    const claim = { claim: 0, now, until: now + 1_000 };
    const both = await Promise.all(["a", "b"].map((owner) => storage.claimOutbox("o1", { ...claim, owner })));
    expect(both).toEqual([1, undefined]);
    expect(await ids(storage.dueOutbox({ now, limit: 10 }))).toEqual([]);
    expect(await storage.nextOutboxAt(now)).toBe(now + 1_000);
    const [held] = await storage.outbox({ limit: 1 });
    expect(held).toMatchObject({ id: "o1", claim: 1, claimedUntil: now + 1_000, mayBeSent: true });

    expect(await storage.claimOutbox("o1", { ...claim, owner: "b", claim: 1 })).toBeUndefined();

    // The claim runs out; the next owner takes the row, and the first one finds out at its next word.
    const second = { owner: "b", claim: 1, now: now + 1_000, until: now + 2_000 };
    expect(await storage.claimOutbox("o1", { ...second, claim: 0 })).toBeUndefined();
    expect(await storage.claimOutbox("o1", second)).toBe(2);
    const stale = {
      sessionId: "s1",
      events: [newEvent(sent("p1"))],
      settles: [{ id: "o1", as: "sent", claim: 1 }],
    } as const;
    await expect(storage.append(stale)).rejects.toMatchObject({ code: "claimLost" });
    expect(await storage.sessionByKey("agent:main:a")).toMatchObject({ headSeq: 1 });
    const later = { attempts: 1, nextAt: now, problem: "timeout", mayBeSent: false };
    expect(await storage.postponeOutbox("o1", { ...later, claim: 1 })).toBe(false);
    expect(await storage.outbox({ limit: 1 })).toMatchObject([{ claim: 2, attempts: 0 }]);
    expect(await storage.postponeOutbox("o1", { ...later, claim: 2 })).toBe(true);
    const [free] = await storage.dueOutbox({ now, limit: 10 });
    expect(free).toMatchObject({ id: "o1", attempts: 1, mayBeSent: false });
    expect(free).not.toHaveProperty("claimedUntil");
    await taken(storage.append({ ...stale, settles: [{ id: "o1", as: "sent", claim: 2 }] }));
    await expect(storage.append(stale)).rejects.toMatchObject({ code: "claimLost" });
    expect(await ids(storage.outbox({ limit: 10 }))).toEqual(["o2"]);
  });

  test("an owner that begins anew lets go of what it held, and of nothing else", async () => {
    await using place = make();
    await using storage = await place.open();
    const rows = ["o1", "o2"].map((id) => pigeon(id, id));
    await taken(storage.append({ ...opening("s1", "agent:main:a"), outbox: rows }));
    const now = Date.now() + 1;
    await storage.claimOutbox("o1", { owner: "a", claim: 0, now, until: now + 1_000 });
    await storage.claimOutbox("o2", { owner: "b", claim: 0, now, until: now + 1_000 });
    await storage.releaseOutbox("a");
    expect(await storage.dueOutbox({ now, limit: 10 })).toMatchObject([
      { id: "o1", claim: 1, mayBeSent: true, attempts: 1 },
    ]);
    expect(await storage.outbox({ limit: 1, after: 1 })).toMatchObject([{ id: "o2", attempts: 0 }]);
  });

  test("a dead row is kept, holds nothing up, and can be put back at the end of the queue or dropped", async () => {
    await using place = make();
    await using storage = await place.open();
    const rows = [pigeon("o1"), { ...pigeon("o2"), runId: "r2" }, pigeon("o3")];
    await taken(storage.append({ ...opening("s1", "agent:main:a"), outbox: rows }));
    const now = Date.now() + 1;
    for (const id of ["o1", "o2"]) {
      const claim = (await storage.claimOutbox(id, { owner: "a", claim: 0, now, until: now + 9 })) ?? 0;
      const dead = { id, as: "dead", claim, attempts: 3, problem: "no such chat", mayBeSent: false } as const;
      await taken(storage.append({ sessionId: "s1", events: [], settles: [dead] }));
    }
    expect(await ids(storage.dueOutbox({ now, limit: 10 }))).toEqual(["o3"]);
    expect(await ids(storage.outbox({ limit: 10, isDead: true }))).toEqual(["o1", "o2"]);
    expect(await ids(storage.outbox({ limit: 10, isDead: false }))).toEqual(["o3"]);
    expect(await storage.outbox({ limit: 10, runId: "r2" })).toMatchObject([
      { id: "o2", attempts: 3, problem: "no such chat", mayBeSent: false, deadAt: expect.any(Number) },
    ]);
    const [first] = await storage.outbox({ limit: 1 });
    expect(await ids(storage.outbox({ limit: 10, after: first?.n ?? 0 }))).toEqual(["o2", "o3"]);
    expect(await storage.claimOutbox("o1", { owner: "a", claim: 1, now: now + 99, until: now + 100 })).toBeUndefined();

    await taken(storage.append({ sessionId: "s1", events: [], settles: [{ id: "o1", as: "replayed" }] }));
    await taken(storage.append({ sessionId: "s1", events: [], settles: [{ id: "o2", as: "dropped" }] }));
    const left = await storage.outbox({ limit: 10 });
    expect(left).toMatchObject([{ id: "o3" }, { id: "o1", attempts: 0, claim: 1 }]);
    expect(left[1]).not.toHaveProperty("deadAt");
    for (const as of ["replayed", "dropped"] as const)
      for (const id of ["o1", "o2"])
        await expect(storage.append({ sessionId: "s1", events: [], settles: [{ id, as }] })).rejects.toMatchObject({
          code: "deadLetterNotFound",
        });
  });

  test("open turns come in pages, and by the session they belong to", async () => {
    await using place = make();
    await using storage = await place.open();
    const three = ["r1", "r2", "r3"].map((id) => received(id, "x"));
    await taken(storage.append(opening("s1", "agent:main:a", three)));
    await taken(storage.append(opening("s2", "agent:main:b", [received("r4", "x")])));
    const page = await storage.openRuns({ limit: 2 });
    expect(page.map((run) => run.runId)).toEqual(["r1", "r2"]);
    const rest = await storage.openRuns({ limit: 9, after: page[1]?.n ?? 0 });
    expect(rest.map((run) => run.runId)).toEqual(["r3", "r4"]);
    expect((await storage.openRuns({ key: "agent:main:b" })).map((run) => run.runId)).toEqual(["r4"]);
  });

  test("a sent message is found by the platform's id, the newest first", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append(opening("s1", "agent:main:a", [sent("7"), sent("8")])));
    await taken(storage.append({ ...opening("s2", "agent:main:b"), events: [newEvent(sent("7"), 9_000)] }));
    expect(await storage.sentMessages("7", 10)).toEqual([
      { sessionId: "s2", key: "agent:main:b", seq: 1 },
      { sessionId: "s1", key: "agent:main:a", seq: 2 },
    ]);
    expect(await storage.sentMessages("7", 1)).toHaveLength(1);
    expect(await storage.sentMessages("9", 10)).toEqual([]);
  });

  test("what has served its time is taken away, so much at once, and nothing younger", async () => {
    await using place = make();
    await using storage = await place.open();
    await taken(storage.append({ ...opening("s1", "agent:main:a"), receipt, outbox: [pigeon("o1"), pigeon("o2")] }));
    const now = Date.now() + 1;
    const claim = (await storage.claimOutbox("o1", { owner: "a", claim: 0, now, until: now })) ?? 0;
    const dead = { id: "o1", as: "dead", claim, attempts: 1, problem: "?", mayBeSent: false } as const;
    await taken(storage.append({ sessionId: "s1", events: [], settles: [dead] }));
    await storage.writeRecords(["a", "b", "c"].map((id) => ({ kind: "answer", id, data: "{}" })));
    await storage.writeRecords([{ kind: "device", id: "a", data: "{}" }]);
    expect(await storage.sweep(all(1_000))).toBe(0);
    const future = Date.now() + 60_000;
    expect(await storage.sweep(all(future))).toBe(4);
    expect(await storage.sweep(all(future))).toBe(1);
    expect(await storage.sweep(all(future))).toBe(0);
    expect(await storage.receipt("webchat", "k1")).toBeUndefined();
    expect(await ids(storage.outbox({ limit: 10 }))).toEqual(["o2"]);
    expect(await storage.records({ kind: "answer", limit: 10 })).toEqual([]);
    expect(await storage.records({ kind: "device", limit: 10 })).toHaveLength(1);
  });

  test("live sessions are listed in pages, the last used first, none left out or told twice", async () => {
    await using place = make();
    await using storage = await place.open();
    for (const [i, at] of [5, 9, 9, 9, 2].entries())
      await taken(
        storage.append({
          sessionId: `s${i}`,
          opens: { key: `agent:main:${i}`, agentId: "main" },
          events: [newEvent(started(`agent:main:${i}`), at)],
        }),
      );
    await taken(storage.append({ sessionId: "s4", events: [newEvent({ kind: "SessionEnded", reason: "reset" })] }));
    const seen: string[] = [];
    for (let page = await storage.sessions({ limit: 2 }); page.length > 0;) {
      seen.push(...page.map((row) => row.id));
      const last = page.at(-1);
      page = last ? await storage.sessions({ limit: 2, before: last.updatedAt, beforeId: last.id }) : [];
    }
    expect(seen).toEqual(["s3", "s2", "s1", "s0"]);
    expect(await ids(storage.sessions({ limit: 9, before: 9 }))).toEqual(["s0"]);
  });

  test("a deleted session takes everything of its own along, and nothing else", async () => {
    await using place = make();
    await using storage = await place.open();
    const to = { channel: "webchat", chat: "c" };
    const many = Array.from({ length: 1_200 }, (_, i) => received(`a${i}`, "x"));
    await taken(
      storage.append({ ...opening("s1", "agent:main:a", many), receipt, outbox: [{ id: "o1", to, text: "x" }] }),
    );
    await taken(
      storage.append({
        ...opening("s2", "agent:main:b", [received("b", "x")]),
        outbox: [{ id: "o2", to, text: "x" }],
      }),
    );
    await storage.deleteSession("s1");
    expect(await storage.sessionByKey("agent:main:a")).toBeUndefined();
    expect(await storage.endedSessions("agent:main:a")).toEqual([]);
    expect(await storage.events("s1", { limit: 10, take: "first" })).toEqual([]);
    expect(await storage.receipt("webchat", "k1")).toBeUndefined();
    expect(await storage.run("a7")).toBeUndefined();
    expect((await storage.openRuns()).map((run) => run.runId)).toEqual(["b"]);
    expect(await ids(storage.dueOutbox({ now: Infinity, limit: 10 }))).toEqual(["o2"]);
    const again = await taken(storage.append({ ...opening("s1", "agent:main:a"), receipt }));
    expect(again.map((event) => event.seq)).toEqual([1]);
    await storage.deleteSession("never was");
  });

  test("blobs are kept by their hash", async () => {
    await using place = make();
    await using storage = await place.open();
    const bytes = crypto.getRandomValues(new Uint8Array(10_000));
    const [hash, same] = await Promise.all([
      storage.putBlob({ mimeType: "image/png", bytes }),
      storage.putBlob({ mimeType: "image/png", bytes }),
    ]);
    expect(hash).toBe(new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
    expect(same).toBe(hash);
    expect(await storage.blob(hash)).toEqual({ hash, mimeType: "image/png", bytes });
    expect(await storage.blob("0".repeat(64))).toBeUndefined();
  });

  test("closing writes what waits; then nothing is taken any more", async () => {
    await using place = make();
    const storage = await place.open();
    const waiting = storage.append(opening("s1", "agent:main:a"));
    await storage[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ taken: true });
    await expect(storage.append(opening("s2", "agent:main:b"))).rejects.toMatchObject({ code: "storageUnavailable" });
    await expect(storage.sessionByKey("agent:main:a")).rejects.toMatchObject({ code: "storageUnavailable" });
    await storage[Symbol.asyncDispose]();
    await using again = await place.open();
    expect(await again.sessionByKey("agent:main:a")).toEqual(
      persists ? expect.objectContaining({ id: "s1", headSeq: 1 }) : undefined,
    );
  });

  test("an event that could not be read back is refused when it is written", async () => {
    await using place = make();
    await using storage = await place.open();
    const damaged: unknown = { kind: "ToolCalled", runId: "r", callId: "c", tool: "t", params: undefined };
    const append = { ...opening("s1", "agent:main:a"), events: [{ id: newId(), at: 1, event: damaged }] } as Append;
    await expect(storage.append(append)).rejects.toThrow("not a session event");
    expect(await storage.sessionByKey("agent:main:a")).toBeUndefined();
  });

  test("records are changed by whom knows their version, all or none, and are paged by kind", async () => {
    await using place = make();
    await using storage = await place.open();
    expect(
      await storage.writeRecords([
        { kind: "device", id: "a", data: '{"n":1}', expected: 0 },
        { kind: "device", id: "b", data: "{}" },
        { kind: "node", id: "a", data: "{}" },
      ]),
    ).toBe(true);
    expect(await storage.record("device", "a")).toMatchObject({
      kind: "device",
      id: "a",
      version: 1,
      data: '{"n":1}',
    });
    expect(await storage.record("device", "c")).toBeUndefined();

    const late = [
      { kind: "device", id: "b", data: undefined },
      { kind: "device", id: "a", data: "{}", expected: 0 },
    ];
    expect(await storage.writeRecords(late)).toBe(false);
    expect((await storage.records({ kind: "device", limit: 10 })).map(({ id }) => id)).toEqual(["a", "b"]);

    expect(await storage.writeRecords([{ kind: "device", id: "a", data: '{"n":2}', expected: 1 }])).toBe(true);
    expect(await storage.writeRecords([{ kind: "device", id: "b", data: undefined, expected: 1 }])).toBe(true);
    expect(await storage.record("device", "a")).toMatchObject({ version: 2, data: '{"n":2}' });
    expect(await storage.records({ kind: "device", after: "a", limit: 10 })).toEqual([]);
    if (!persists) return;
    await storage[Symbol.asyncDispose]();
    await using again = await place.open();
    expect(await again.records({ kind: "device", limit: 1 })).toMatchObject([{ id: "a", version: 2 }]);
  });
});

async function taken(appending: Promise<Appended>) {
  const appended = await appending;
  if (!appended.taken) throw new Error("the receipt was there already");
  return appended.events;
}

async function ids(rows: Promise<readonly { readonly id: string }[]>): Promise<string[]> {
  return (await rows).map((row) => row.id);
}

function sent(messageId: string) {
  return { kind: "MessageSent", messageId, to: pigeon("").to, text: "x" } as const;
}

function all(before: number) {
  return {
    receiptsBefore: before,
    deadLettersBefore: before,
    records: [{ kind: "answer", before }],
    limit: 2,
  };
}

function pigeon(id: string, chat = "c") {
  return { id, to: { channel: "pigeon", chat }, text: "x" };
}

/** Takes a row as if all earlier claims had run out; answers with the claim. */
async function claimed(storage: Storage, id: string, now: number): Promise<number> {
  const [row] = await storage.outbox({ limit: 1, id });
  const claim = row && (await storage.claimOutbox(id, { owner: "a", claim: row.claim, now, until: now }));
  if (claim === undefined) throw new Error(`${id} could not be claimed`);
  return claim;
}

async function postpone(storage: Storage, id: string, nextAt: number): Promise<void> {
  const claim = await claimed(storage, id, Date.now() + 1);
  await storage.postponeOutbox(id, { claim, attempts: 1, nextAt, problem: "timeout", mayBeSent: true });
}

async function settle(storage: Storage, id: string, now: number): Promise<void> {
  const claim = await claimed(storage, id, now);
  await taken(storage.append({ sessionId: "s1", events: [], settles: [{ id, as: "sent", claim }] }));
}
