import { describe, expect, test } from "bun:test";
import type { ChannelSettings, Place } from "#channels";
import { configuredActivation, decide, type Question } from "../../../src/gateway/access/decide.ts";
import { isOwner, scopesOf } from "../../../src/gateway/access/owners.ts";
import { dice } from "../../support/dice.ts";

const direct: Place = { kind: "direct" };
const group: Place = { kind: "group" };

function ask(settings: ChannelSettings, more: Partial<Question> = {}) {
  const sender = { id: "1", isBot: false };
  return decide({ sender, place: direct, from: { chat: "c" }, settings, kept: undefined, ...more });
}

describe("a direct chat", () => {
  test.each([
    ["nothing is set", {}, false],
    ["the list is empty", { allowFrom: [] }, false],
    ["the list has an empty id", { allowFrom: [""] }, false],
    ["the list has everybody but the policy is no open one", { allowFrom: ["*"] }, false],
    ["the policy is open but the list has not everybody", { dmPolicy: "open" }, false],
    ["the policy is open and the list is empty", { dmPolicy: "open", allowFrom: [] }, false],
    ["the policy is open and the list has everybody", { dmPolicy: "open", allowFrom: ["*"] }, true],
    ["the list has the sender", { allowFrom: ["1"] }, true],
    ["the list has an id that ends like the sender's", { allowFrom: ["21", "11", "x1"] }, false],
    ["the list has the chat and not the sender", { allowFrom: ["c"] }, false],
    ["an allowlist has everybody", { dmPolicy: "allowlist", allowFrom: ["*"] }, false],
    ["an allowlist has the sender", { dmPolicy: "allowlist", allowFrom: ["1"] }, true],
    ["it is disabled though the list has the sender", { dmPolicy: "disabled", allowFrom: ["1", "*"] }, false],
    ["the sender may talk in groups", { groupAllowFrom: ["1"], groupPolicy: "open" }, false],
  ] satisfies [string, ChannelSettings, boolean][])("when %s", (_why, settings, may) => {
    expect(ask(settings).may).toBe(may);
  });

  test.each([
    ["pairing", "paired", true],
    ["open", "paired", true],
    ["allowlist", "paired", false],
    ["disabled", "paired", false],
    ["pairing", "listed", true],
    ["allowlist", "listed", true],
    ["disabled", "listed", false],
  ] as const)("under the policy %s is for somebody who was %s: %p", (dmPolicy, kept, may) => {
    expect(ask({ dmPolicy }, { kept }).may).toBe(may);
  });

  test("tells a stranger's refusal apart from others, because it is answered with a code", () => {
    expect(ask({})).toEqual({ may: false, because: "notPaired" });
    expect(ask({ dmPolicy: "allowlist" })).toEqual({ may: false, because: "notListed" });
  });
});

describe("a group", () => {
  test.each([
    ["nothing is set", {}, false],
    ["the list has the sender", { groupAllowFrom: ["1"] }, true],
    ["the list has everybody but the policy is no open one", { groupAllowFrom: ["*"] }, false],
    ["the list of direct chats has the sender", { allowFrom: ["1"] }, false],
    ["the list has the group and not the sender", { groupAllowFrom: ["c"] }, false],
    ["the policy is open", { groupPolicy: "open" }, true],
    ["the policy is open but another group is named", { groupPolicy: "open", groups: { d: {} } }, false],
    ["the policy is open and the group is named", { groupPolicy: "open", groups: { c: {} } }, true],
    ["the policy is open and all groups are named", { groupPolicy: "open", groups: { "*": {} } }, true],
    [
      "the group has a list of its own, without the sender",
      { groupAllowFrom: ["1"], groups: { c: { allowFrom: [] } } },
      false,
    ],
    ["the group is off", { groupPolicy: "open", groups: { c: { enabled: false } } }, false],
    ["groups are disabled", { groupPolicy: "disabled", groupAllowFrom: ["1"] }, false],
  ] satisfies [string, ChannelSettings, boolean][])("when %s", (_why, settings, may) => {
    expect(ask(settings, { place: group }).may).toBe(may);
  });

  test("SEC-67: is not opened by a pairing, nor by a direct chat's list", () => {
    for (const kept of ["paired", "listed"] as const) expect(ask({}, { place: group, kept }).may).toBe(false);
  });

  test("is known by its guild, and a thread by its chat", () => {
    const settings = { groupPolicy: "open", guilds: { g: { requireMention: false } } } as const;
    expect(ask(settings, { place: { kind: "channel", guild: "g" } }).may).toBe(true);
    expect(ask(settings, { place: { kind: "channel", guild: "h" } }).may).toBe(false);
    expect(ask({ groupPolicy: "open", groups: { p: {} } }, { place: { ...group, parentChat: "p" } }).may).toBe(true);
  });

  test("wants to be mentioned unless it is set otherwise; a direct chat never does", () => {
    const always = { groups: { c: { requireMention: false } } };
    const chat = { chat: "c" };
    expect(configuredActivation(group, chat, {})).toBe("mention");
    expect(configuredActivation(group, chat, always)).toBe("always");
    expect(configuredActivation({ ...group, parentChat: "c" }, { chat: "t" }, always)).toBe("always");
    expect(configuredActivation({ ...group, guild: "g" }, chat, { guilds: { g: { requireMention: false } } })).toBe(
      "always",
    );
    expect(configuredActivation(direct, chat, {})).toBe("always");
  });

  test.each([
    [{ activation: "always" }, "always"],
    [{ activation: "mention" }, "mention"],
    [{ activation: "always", requireMention: false }, "always"],
    [{ activation: "always", requireMention: true }, "mention"],
    [{ activation: "mention", requireMention: false }, "mention"],
  ] as const)("with %j means %s, whichever name it is set by", (c, activation) => {
    expect(configuredActivation(group, { chat: "c" }, { groups: { c } })).toBe(activation);
  });

  test("may have a topic that is answered otherwise; the other topics are as the group", () => {
    const topics = { "7": { activation: "always" }, "8": { requireMention: true }, "9": {} } as const;
    const asked = (thread: string, activation?: "always") =>
      configuredActivation(
        group,
        { chat: "c", thread },
        { groups: { c: { topics, ...(activation && { activation }) } } },
      );
    expect(["7", "8", "9", "constructor"].map((thread) => asked(thread))).toEqual([
      "always",
      "mention",
      "mention",
      "mention",
    ]);
    expect(["7", "8", "9"].map((thread) => asked(thread, "always"))).toEqual(["always", "mention", "always"]);
  });

  test.each([
    ["its chat says so", { "7": {} }, "7", true],
    ["it is off", { "7": { enabled: false } }, "7", false],
    ["all topics are off", { "*": { enabled: false } }, "7", false],
    ["all topics are off but it", { "*": { enabled: false }, "7": { enabled: true } }, "7", true],
    ["another one is off", { "8": { enabled: false } }, "7", true],
    ["its list has the sender", { "7": { allowFrom: ["1"] } }, "7", true],
    ["its list has others", { "7": { allowFrom: ["2"] } }, "7", false],
    ["the list of all topics has others", { "*": { allowFrom: ["2"] }, "7": { requireMention: false } }, "7", false],
    ["it takes those of a list alone", { "7": { groupPolicy: "allowlist" } }, "7", false],
    ["it takes nobody", { "7": { groupPolicy: "disabled", allowFrom: ["1"] } }, "7", false],
    ["it is the chat's main one, and all are off", { "*": { enabled: false } }, undefined, false],
    ["it is the chat's main one, which is off", { "1": { enabled: false } }, undefined, false],
    ["it is called as what every object has", { "7": { enabled: false } }, "constructor", true],
  ] satisfies [string, NonNullable<ChannelSettings["groups"]>[string]["topics"], string | undefined, boolean][])(
    "whose policy is open lets somebody into a topic, when %s: topics %j, topic %p",
    (_why, topics, thread, may) => {
      const place = { ...group, mainThread: "1" };
      const from = { chat: "c", ...(thread !== undefined && { thread }) };
      expect(ask({ groupPolicy: "open", groups: { c: { topics } } }, { place, from }).may).toBe(may);
    },
  );

  test("that is off, has a list, or a policy of its own, is so in its topics too, but for what they say", () => {
    const inTopic = (c: NonNullable<ChannelSettings["groups"]>[string], more: ChannelSettings = {}) =>
      ask({ ...more, groups: { c } }, { place: group, from: { chat: "c", thread: "7" } }).may;
    const topics = { "*": { enabled: false } };
    expect(ask({ groupPolicy: "open", groups: { c: { topics } } }, { place: group }).may).toBe(true);
    expect(inTopic({ enabled: false, topics: { "7": { enabled: true } } }, { groupPolicy: "open" })).toBe(false);
    expect(inTopic({ allowFrom: ["1"] })).toBe(true);
    expect(inTopic({ allowFrom: ["1"], topics: { "7": { allowFrom: [] } } })).toBe(false);
    expect(inTopic({ groupPolicy: "open" })).toBe(true);
    expect(inTopic({ groupPolicy: "open", topics: { "7": { groupPolicy: "allowlist" } } })).toBe(false);
    expect(inTopic({ groupPolicy: "allowlist" }, { groupPolicy: "open" })).toBe(false);
  });

  test("has an activation for all topics without one, whichever name each is set by", () => {
    const topics = { "*": { activation: "mention" }, "7": { requireMention: false } } as const;
    const asked = (thread: string) =>
      configuredActivation(group, { chat: "c", thread }, { groups: { c: { activation: "always", topics } } });
    expect([asked("7"), asked("8")]).toEqual(["always", "mention"]);
  });
});

test("SEC-64: names decide nothing, whatever somebody calls themselves", () => {
  const settings: ChannelSettings = { allowFrom: ["7"], groupAllowFrom: ["7"] };
  const sender = { id: "666", name: "7", username: "7", isBot: false };
  for (const place of [direct, group]) expect(ask(settings, { place, sender }).may).toBe(false);
});

test("bots and senders without an id are nobody, even where everybody may", () => {
  const settings: ChannelSettings = { dmPolicy: "open", allowFrom: ["*", "", " "], groupPolicy: "open" };
  for (const place of [direct, group]) {
    expect(ask(settings, { place, sender: { id: "1", isBot: true } }).may).toBe(false);
    for (const id of ["", " ", "*"]) expect(ask(settings, { place, sender: { id, isBot: false } }).may).toBe(false);
  }
});

test("SEC-65: whatever the settings are, nobody comes in whom nothing names and no policy opens", () => {
  const roll = dice(65);
  const pick = <T>(from: readonly T[]) => from[roll(from.length)] as T;
  const ids = ["", "*", "1", "11", "c", "g", "01", " 1"];
  let opened = 0;
  for (let round = 0; round < 5_000; round++) {
    const list = () => (roll(3) === 0 ? undefined : Array.from({ length: roll(3) }, () => pick(ids)));
    const settings = JSON.parse(
      JSON.stringify({
        dmPolicy: pick([undefined, "pairing", "allowlist", "open", "disabled"]),
        groupPolicy: pick([undefined, "allowlist", "open", "disabled"]),
        allowFrom: list(),
        groupAllowFrom: list(),
        groups: pick([undefined, {}, { c: { allowFrom: list() } }, { "*": {} }]),
      }),
    ) as ChannelSettings;
    const place = pick([direct, group]);
    const kept = pick([undefined, "paired", "listed"] as const);
    if (!ask(settings, { place, kept }).may) continue;
    opened++;
    const named =
      place.kind === "direct" ? settings.allowFrom : (settings.groups?.["c"]?.allowFrom ?? settings.groupAllowFrom);
    const isOpen =
      place.kind === "direct" ? settings.dmPolicy === "open" && named?.includes("*") : settings.groupPolicy === "open";
    const isKept = place.kind === "direct" && kept !== undefined;
    expect(named?.includes("1") || isOpen || isKept).toBe(true);
  }
  expect(opened).toBeGreaterThan(100);
});

test("an owner is named with the channel; an id of another channel or account is somebody else", () => {
  const ann = { channel: "telegram", account: "a", senderId: "1" };
  expect(isOwner(ann, ["telegram:1"])).toBe(true);
  expect(isOwner(ann, ["telegram/a:1"])).toBe(true);
  for (const owners of [[], ["1"], ["telegram/b:1"], ["discord:1"], ["telegram:11"], ["*"], ["telegram:*"]])
    expect(isOwner(ann, owners)).toBe(false);
  expect([...scopesOf(ann, [])]).toEqual(["operator.write"]);
  expect(scopesOf(ann, ["telegram:1"]).has("operator.admin")).toBe(true);
});
