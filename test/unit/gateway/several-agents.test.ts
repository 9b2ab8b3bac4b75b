import { describe, expect, test } from "bun:test";
import { checkBindings } from "../../../src/gateway/router/check-bindings.ts";
import { checkBroadcast, labelIn } from "../../../src/gateway/router/broadcast.ts";
import { headingOf } from "../../../src/gateway/router/heading.ts";
import { checkMentions, namedAmong } from "../../../src/gateway/router/mentions.ts";
import { forwardedText, postedText, targetOf } from "../../../src/gateway/router/passed-on.ts";
import type { Binding, InboundSettings } from "../../../src/gateway/settings.ts";

const base: InboundSettings = {
  bindings: [],
  commands: { ownerAllowFrom: [] },
  messages: { inbound: { debounceMs: 0 }, groupHistory: 0 },
  session: { dmScope: "main", identityLinks: {} },
};

describe("a name in a text", () => {
  const settings = {
    agents: {
      list: [
        { id: "a", groupChat: { mentionPatterns: ["@molly", "\\bhey  bot\\b"] } },
        { id: "b", name: "Ben O" },
      ],
    },
    messages: {},
  };
  test.each([
    ["hello @Molly!", ["a"]],
    ["@mollycoddle", []],
    ["x@molly", ["a"]],
    ["Hey Bot, and @ben o?", ["a", "b"]],
    ["heybot", []],
    ["Ben O said so", []],
    ["@mollys and @molly", ["a"]],
    ["", []],
  ])("%p names %p", (text, named) => {
    expect(namedAmong(["a", "b"], text, settings)).toEqual(named);
  });

  test("is that of all agents where an agent has none of its own", () => {
    const all = { agents: { list: [{ id: "b" }] }, messages: { groupChat: { mentionPatterns: ["claw"] } } };
    expect(namedAmong(["b", "main"], "Claw!", all)).toEqual(["b", "main"]);
    expect(namedAmong(["main"], "@main", { messages: {} })).toEqual([]);
  });

  test("takes no longer to be looked for in a hostile text", () => {
    const hostile = { messages: { groupChat: { mentionPatterns: [`${"a".repeat(127)}b`] } } };
    expect(namedAmong(["main"], "a".repeat(200_000), hostile)).toEqual([]);
  });

  test("is words; a regular expression is refused, save for borders of words", () => {
    const agents = { list: [{ id: "a", groupChat: { mentionPatterns: ["\\b@molly\\b", "@(a|b)"] } }] };
    const messages = { ...base.messages, groupChat: { mentionPatterns: ["\\b"] } };
    expect(checkMentions({ agents, messages })).toEqual([
      "agents.list[0].group_chat.mention_patterns: “@(a|b)” must be words like @molly, not a regular expression.",
      "messages.group_chat.mention_patterns: “\\b” must be words like @molly, not a regular expression.",
    ]);
  });
});

describe("a group of agents", () => {
  const settings: InboundSettings = {
    ...base,
    agents: { list: [{ id: "a" }, { id: "b", name: "Bea" }, { id: "c" }] },
    broadcast: {
      strategy: "parallel",
      "x:g": ["a", "b"],
      g: ["c"],
      open: { agents: ["a", "b"], mentionGating: false },
    },
  };
  const answering = { agentId: "a", line: undefined };
  const heard = (...about: Parameters<typeof said>) =>
    headingOf(said(...about), settings, answering).shares.map(({ agentId }) => agentId);

  test("hears a message of its chat, each in a session of its own; who is named answers alone", () => {
    expect(headingOf(said("hello"), settings, answering).shares).toEqual([
      { agentId: "a", sessionKey: "agent:a:x:group:g" },
      { agentId: "b", sessionKey: "agent:b:x:group:g" },
    ]);
    expect(heard("@bea?")).toEqual(["b"]);
    expect(heard("@bea?", "open")).toEqual(["a", "b"]);
    expect(heard("hello", "g", "y")).toEqual(["c"]);
    expect(heard("hello", "strategy")).toEqual(["a"]);
    expect(heard("hello", "toString")).toEqual(["a"]);
  });

  test("leaves a thread alone that has an agent of its own, and so do bindings that let an agent answer", () => {
    const topics = { "7": { agentId: "c" }, "*": { agentId: "b" } };
    const line = { settings: { groups: { g: { topics } } } };
    const inThread = (thread: string | undefined, bindings: Binding[] = []) => {
      const traveller = said("hello");
      const from = { ...traveller.from, ...(thread !== undefined && { thread }) };
      return headingOf({ ...traveller, from }, { ...settings, bindings }, { agentId: "a", line });
    };
    expect(inThread("7").shares).toEqual([{ agentId: "c", sessionKey: "agent:c:x:group:g:thread:7" }]);
    expect(inThread("7")).toMatchObject({ sessionKey: "agent:c:x:group:g:thread:7", route: { agentId: "c" } });
    expect(inThread("8").topic).toEqual({ agentId: "b", setting: "topics.*.agent_id" });
    expect(inThread(undefined).shares).toHaveLength(2);
    const match = { channel: "x", peer: { kind: "group", id: "g" } } as const;
    expect(inThread("7", [{ agentId: "a", match }]).route.agentId).toBe("c");
    expect(inThread("7", [{ action: "drop", match }])).toMatchObject({ route: { action: "drop" }, topic: undefined });
  });

  test("does not hear what a binding drops, answers or passes on", () => {
    const bindings: Binding[] = [{ action: "drop", match: { channel: "x", pattern: "*spam*" } }];
    expect(headingOf(said("spam"), { ...settings, bindings }, answering).group).toBeUndefined();
  });

  test("is told apart by name where there is more than one of them", () => {
    expect(labelIn(settings, "b", { channel: "x", chat: "g" })).toBe("**Bea**");
    expect(labelIn(settings, "c", { channel: "x", chat: "g" })).toBeUndefined();
    expect(labelIn(settings, "c", { channel: "y", chat: "g" })).toBeUndefined();
    expect(labelIn(settings, "b", { channel: "x", chat: "h" })).toBeUndefined();
  });

  test("is of agents that there are", () => {
    expect(checkBroadcast({ strategy: "parallel", "x:1": ["a"], "2": { agents: ["z"] } }, ["a"])).toEqual([
      "broadcast.“2”: there is no agent “z”; there is a.",
    ]);
  });
});

describe("a message that is passed on", () => {
  const match = { channel: "x" };

  test("goes to a chat that the binding names, over an account that can send", () => {
    const bindings: Binding[] = [
      { action: "forward", match },
      { action: "forward", match, to: { channel: "y" } },
      { action: "forward", match, to: { channel: "y", chat: "1", account: "gone" } },
      { action: "forward", match: { channel: "y", peer: { kind: "group", id: "1" } }, to: { channel: "y", chat: "1" } },
      { action: "webhook", match, to: { channel: "y" } },
      { action: "webhook", match },
      { action: "forward", match, to: { channel: "y", chat: "1" } },
    ];
    expect(checkBindings(bindings, { agentIds: ["main"], accountProblem })).toEqual([
      "bindings[0].to.channel: forward names the channel of the chat that it sends to.",
      "bindings[1].to.chat: forward names the platform's id of the chat that it sends to.",
      "bindings[2].to: no account y/gone.",
      "bindings[3].to.chat: this is where the message comes from, and it would go in a circle.",
      "bindings[4].to.channel: webhook posts over the channel webhook; forward sends to others.",
      "bindings[5].to: no account webhook/default.",
    ]);
  });

  test("finds its address by the binding, and a webhook's chat by the message", () => {
    const from = { chat: "c" };
    expect(targetOf({ action: "agent", to: { channel: "y", chat: "1" } }, from)).toBeUndefined();
    expect(targetOf({ action: "forward", to: { channel: "y", chat: "1", thread: "t" } }, from)).toEqual({
      channel: "y",
      account: "default",
      chat: "1",
      thread: "t",
    });
    expect(targetOf({ action: "webhook", to: { account: "ops" } }, from)).toEqual({
      channel: "webhook",
      account: "ops",
      chat: "c",
    });
  });

  test("says who said it, and where; a name cannot pretend to be more", () => {
    const passed = {
      from: { channel: "x", account: "a", chat: "c", thread: "t" },
      place: { kind: "group", title: "Team\n# Notice" },
      sender: { id: "1", name: "Ann**\nFrom Bob", isBot: false },
      messageId: "m",
      text: "hello",
      at: 5,
      files: 2,
    } as const;
    expect(forwardedText(passed)).toBe(
      "From Ann   From Bob (1) in x c “Team   Notice”:\n\nhello\n\n[2 files came with it, not passed on.]",
    );
    expect(JSON.parse(postedText(passed))).toEqual({
      channel: "x",
      account: "a",
      chat: "c",
      thread: "t",
      kind: "group",
      title: "Team\n# Notice",
      sender: { id: "1", name: "Ann**\nFrom Bob" },
      messageId: "m",
      at: 5,
      text: "hello",
      files: 2,
    });
  });
});

function said(text: string, chat = "g", channel = "x") {
  return { from: { channel, chat }, place: { kind: "group" as const }, text, senderId: "1" };
}

function accountProblem({ account, channel }: { readonly account: string; readonly channel: string }) {
  return account === "gone" || channel === "webhook" ? `no account ${channel}/${account}` : undefined;
}
