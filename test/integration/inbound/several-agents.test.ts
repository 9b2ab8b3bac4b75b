import { describe, expect, test } from "bun:test";
import { agentOf } from "#sessions";
import type { Storage } from "#storage";
import { fault } from "#protocol";
import { FakeLine, group } from "../../support/fake-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";
import { Gates, over, Walk, type WalkOptions } from "../../support/walk.ts";

const open = { allowFrom: ["1", "2"], groupAllowFrom: ["1", "2"] };
const agents = { list: [{ id: "ann", name: "Ann" }, { id: "ben", name: "Ben" }, { id: "cleo" }] };
const inGroup = { from: { channel: "pigeon", account: "default", chat: "g" }, place: group, isToUs: false };
const keyOf = (agent: string) => `agent:${agent}:pigeon:group:g`;

const inbound = (more: WalkOptions["inbound"] = {}): NonNullable<WalkOptions["inbound"]> => ({
  agents,
  broadcast: { strategy: "parallel", "pigeon:g": ["ann", "ben"] },
  messages: { inbound: { debounceMs: 0 }, groupHistory: 20 },
  ...more,
});

async function heardBy(walk: Walk, agent: string): Promise<string[]> {
  return (await walk.log(keyOf(agent))).flatMap((event) => (event.kind === "MessageReceived" ? [event.text] : []));
}

describe("a chat that several agents hear", () => {
  test("is answered by each of them once, in a session of its own and under its name, however often a message comes", async () => {
    using folder = tempFolder();
    const line = new FakeLine(open);
    const options: WalkOptions = { folder: folder.path, channels: [line], inbound: inbound(), labelOf: labelled };
    const update = line.message("hello", { ...inGroup, isToUs: true });
    {
      await using walk = new Walk(options);
      await Promise.all(Array.from({ length: 20 }, () => walk.inbound.take(update, line)));
      await until("both answers", () => line.got.length === 2);
    }
    await using walk = new Walk(options);
    await walk.inbound.take(update, line);
    const said = "echo [Ann (1)] hello";
    expect(line.texts.toSorted()).toEqual([`**ann**\n${said}`, `**ben**\n${said}`]);
    expect(line.got.every(({ to }) => to.chat === "g")).toBe(true);
    expect([await heardBy(walk, "ann"), await heardBy(walk, "ben")]).toEqual([
      ["[Ann (1)] hello"],
      ["[Ann (1)] hello"],
    ]);
    expect(await heardBy(walk, "cleo")).toEqual([]);
  });

  test("is given to those who have not taken a message yet when the gateway ends between them", async () => {
    using folder = tempFolder();
    const line = new FakeLine(open);
    const update = line.message("hello", { ...inGroup, isToUs: true });
    {
      await using walk = new Walk({
        folder: folder.path,
        channels: [line],
        inbound: inbound(),
        between: deafTo("ben"),
      });
      await expect(walk.inbound.take(update, line)).rejects.toMatchObject({ code: "storageUnavailable" });
      await until("the first answer", () => line.got.length === 1);
    }
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: inbound() });
    await walk.gateway.recover();
    await walk.inbound.take(update, line);
    await until("the other answer", () => line.got.length === 2);
    expect([(await heardBy(walk, "ann")).length, (await heardBy(walk, "ben")).length]).toEqual([1, 1]);
  });

  test("is silent to what names nobody; who is named by name answers alone, and hears what was said before", async () => {
    using folder = tempFolder();
    const line = new FakeLine(open);
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: inbound() });
    await walk.inbound.take(line.message("lunch?", inGroup), line);
    await walk.inbound.take(line.message("@cleo?", inGroup), line);
    await walk.inbound.take(line.message("what do you think, @Ben?", inGroup), line);
    await until("the answer", () => line.got.length === 1);
    expect(await heardBy(walk, "ann")).toEqual([]);
    const [text = ""] = await heardBy(walk, "ben");
    expect(text).toContain("lunch?");
    expect(text).toEndWith("[Ann (1)] what do you think, @Ben?");
  });

  test("that is heard in sequence is answered one after the other, also across a restart", async () => {
    using folder = tempFolder();
    const line = new FakeLine(open);
    const gates = new Gates();
    const said = "[Ann (1)] hello";
    const options: WalkOptions = {
      folder: folder.path,
      channels: [line],
      answer: gates.answer,
      inbound: inbound({ broadcast: { strategy: "sequential", "pigeon:g": ["ben", "ann"] } }),
    };
    const update = line.message("hello", { ...inGroup, isToUs: true });
    {
      await using walk = new Walk(options);
      await walk.inbound.take(update, line);
      await walk.wasAsked(1);
      expect(await heardBy(walk, "ben")).toEqual([said]);
      expect(await walk.storage.records({ kind: "inbound-waiting", limit: 10 })).toHaveLength(1);
      walk.freeze();
    }
    await using walk = new Walk(options);
    await walk.gateway.recover();
    await walk.inbound.recover();
    await walk.wasAsked(1);
    expect(await heardBy(walk, "ann")).toEqual([]);
    gates.open(said);
    await until("the second's turn", async () => (await heardBy(walk, "ann")).length === 1);
    await until("both answers", () => line.got.length === 2);
    await walk.inbound.take(update, line);
    expect([(await heardBy(walk, "ann")).length, (await heardBy(walk, "ben")).length]).toEqual([1, 1]);
  });

  test("is explained: who answers, in which session, and who keeps silent", async () => {
    using folder = tempFolder();
    await using walk = new Walk({ folder: folder.path, channels: [new FakeLine(open)], inbound: inbound() });
    const asked = { from: inGroup.from, place: group, senderId: "1", text: "@ben" };
    expect(await walk.inbound.explain(asked)).toMatchObject({
      route: { agentId: "main", action: "agent" },
      broadcast: { strategy: "parallel", answering: [{ agentId: "ben", sessionKey: keyOf("ben") }], silent: ["ann"] },
    });
  });
});

test("an agent that a binding names hears a group when its own words name it", async () => {
  using folder = tempFolder();
  const line = new FakeLine(open);
  const bindings = [{ agentId: "ann", match: { channel: "pigeon" } }];
  await using walk = new Walk({
    folder: folder.path,
    channels: [line],
    inbound: inbound({ bindings, broadcast: { strategy: "parallel" } }),
  });
  await walk.inbound.take(line.message("@ben, are you there?", inGroup), line);
  await walk.inbound.take(line.message("@ann, are you there?", inGroup), line);
  await until("the answer", () => line.got.length === 1);
  expect((await heardBy(walk, "ann")).at(0)).toEndWith("@ann, are you there?");
});

describe("a message that a binding passes on", () => {
  const to = { channel: "pigeon", account: "other", chat: "9" };
  const forward = { bindings: [{ action: "forward", match: { channel: "pigeon" }, to }] } as const;

  test("is sent to that chat once, however often it comes, and its own chat and the model hear nothing", async () => {
    using folder = tempFolder();
    const [line, other] = [
      new FakeLine({ ...open, replyTo: "all" }),
      new FakeLine({ replyTo: "all" }, { account: "other" }),
    ];
    const options: WalkOptions = { folder: folder.path, channels: [line, other], inbound: forward };
    const update = line.message("hello");
    {
      await using walk = new Walk(options);
      await Promise.all(Array.from({ length: 20 }, () => walk.inbound.take(update, line)));
      await until("it to arrive", () => other.got.length === 1);
    }
    await using walk = new Walk(options);
    await walk.gateway.recover();
    await walk.inbound.take(update, line);
    await walk.inbound.take(line.message("and again"), line);
    await until("the next", () => other.texts.some((text) => text.endsWith("and again")));
    const from = "From Ann (1) in pigeon 1:\n\n";
    expect(other.texts).toEqual([`${from}hello`, `${from}and again`]);
    expect(other.got[0]?.to).toEqual(to);
    expect(other.got[0]?.replyTo).toBeUndefined();
    expect([line.got, walk.asked]).toEqual([[], []]);
    await until("both records", async () => (await sentEvents(walk)) === 2);
    const log = await walk.log();
    expect(log.filter(({ kind }) => kind === "MessageSent")).toMatchObject([{ to }, { to }]);
  });

  test("is not taken when the disk does not take it, and arrives when it comes again", async () => {
    using folder = tempFolder();
    const [line, other] = [new FakeLine(open), new FakeLine({}, { account: "other" })];
    const options: WalkOptions = { folder: folder.path, channels: [line, other], inbound: forward };
    const update = line.message("hello");
    {
      await using walk = new Walk(options);
      walk.freeze();
      await expect(walk.inbound.take(update, line)).rejects.toMatchObject({ code: "storageUnavailable" });
    }
    await using walk = new Walk(options);
    await walk.inbound.take(update, line);
    await until("it to arrive", () => other.got.length === 1);
  });

  test("never goes back to where it comes from", async () => {
    using folder = tempFolder();
    const line = new FakeLine(open);
    const bindings = [
      { action: "forward", match: { channel: "pigeon" }, to: { channel: "pigeon", chat: "1" } },
    ] as const;
    await using walk = new Walk({ folder: folder.path, channels: [line], inbound: { bindings } });
    await walk.inbound.take(line.message("hello"), line);
    expect(await walk.storage.outbox({ limit: 10 })).toEqual([]);
    expect(JSON.stringify(walk.logged).includes("passes a message on to where it comes from")).toBe(true);
  });

  test("back and forth between two chats ends after a while", async () => {
    using folder = tempFolder();
    const [a, b] = [new FakeLine(open, { account: "a" }), new FakeLine(open, { account: "b" })];
    const inboundSettings = { bindings: [passed("a", "b"), passed("b", "a")] };
    await using walk = new Walk({ folder: folder.path, channels: [a, b], inbound: inboundSettings });
    let rounds = 0;
    for (const [line, other] of Array.from({ length: 60 }, (_, n) =>
      n % 2 === 0 ? ([a, b] as const) : ([b, a] as const),
    )) {
      const sent = other.got.length;
      const before = await sentEvents(walk);
      await walk.inbound.take(line.message("ping", { at: Date.now() + 10 }), line);
      const owed = await walk.storage.outbox({ limit: 1 });
      if (owed.length === 0 && other.got.length === sent) break;
      await until("it to arrive and be recorded", async () => (await sentEvents(walk)) > before);
      rounds++;
    }
    expect(rounds).toBeGreaterThan(10);
    expect(rounds).toBeLessThan(60);
  });
});

async function sentEvents(walk: Walk): Promise<number> {
  return (await walk.log()).filter(({ kind }) => kind === "MessageSent").length;
}

const labelled = (agentId: string) => `**${agentId}**`;

/** Takes nothing for the sessions of that agent. */
function deafTo(agent: string) {
  return (storage: Storage) =>
    over(storage, {
      append: async (append) => {
        const { opens } = append;
        if (opens && agentOf(opens.key) === agent) throw fault.storageUnavailable({ problem: "cut off" });
        return storage.append(append);
      },
    });
}

function passed(from: string, target: string) {
  return {
    action: "forward",
    match: { channel: "pigeon", accountId: from },
    to: { channel: "pigeon", account: target, chat: "1" },
  } as const;
}
