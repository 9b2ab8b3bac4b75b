import { describe, expect, test } from "bun:test";
import { checkBindings } from "../../../src/gateway/router/check-bindings.ts";
import { fitsGlob } from "../../../src/gateway/router/glob.ts";
import { findRoute, type Traveller } from "../../../src/gateway/router/route.ts";
import { sessionKeyOf } from "../../../src/gateway/router/session-key-of.ts";
import type { Binding, DmSessions } from "../../../src/gateway/settings.ts";

const inThread: Traveller = {
  from: { channel: "discord", account: "work", chat: "t" },
  place: { kind: "channel", parentChat: "c", guild: "g", roles: ["r"] },
  text: "hello there",
};

const byRule: readonly (readonly [rule: string, match: Omit<Binding["match"], "channel">])[] = [
  ["peer", { peer: { kind: "channel", id: "t" } }],
  ["parentPeer", { peer: { kind: "channel", id: "c" } }],
  ["anyPeer", { peer: { kind: "channel", id: "*" } }],
  ["guildAndRoles", { guildId: "g", roles: ["q", "r"] }],
  ["guild", { guildId: "g" }],
  ["team", { teamId: "g" }],
  ["account", {}],
  ["channel", { accountId: "*" }],
];

function bind([rule, match]: (typeof byRule)[number]): Binding {
  return { agentId: rule.toLowerCase(), match: { channel: "discord", accountId: "work", ...match } };
}

describe("a route", () => {
  test.each(byRule.map((_rule, at) => at))(
    "takes the most exact binding of those from rule %p on, in whatever order they are written",
    (at) => {
      const bindings = byRule.slice(at).map(bind);
      for (const order of [bindings, bindings.toReversed()]) {
        const { route, decidedBy } = findRoute(inThread, order, "main");
        expect(route.agentId).toBe(byRule[at]?.[0].toLowerCase() ?? "");
        expect(decidedBy?.rule).toBe(byRule[at]?.[0] as NonNullable<typeof decidedBy>["rule"]);
      }
    },
  );

  test("is the one agent's where nothing fits, and says of each binding why it does not", () => {
    const bindings: Binding[] = [
      { match: { channel: "telegram" } },
      { match: { channel: "discord", accountId: "home" } },
      { match: { channel: "discord", accountId: "*", guildId: "h", roles: ["x"], pattern: "bye*" } },
      { match: { channel: "discord", accountId: "*", peer: { kind: "direct", id: "t" } } },
    ];
    const { route, decidedBy, others } = findRoute(inThread, bindings, "main");
    expect(route).toEqual({ agentId: "main", action: "agent" });
    expect(decidedBy).toBeUndefined();
    const why = Object.fromEntries(others.map(({ binding, because }) => [binding, because]));
    expect(why[0]).toContain("the channel is discord");
    expect(why[1]).toContain("the account is work");
    expect(why[2]).toBe("the guild is g; the sender has none of the roles; the text does not fit the pattern");
    expect(why[3]).toContain("the chat is channel t");
  });

  test("goes by the first among equals, and says so of the others", () => {
    const bindings: Binding[] = [1, 2].map((n) => ({
      agentId: `a${n}`,
      match: { channel: "discord", accountId: "*" },
    }));
    const { route, others } = findRoute(inThread, bindings, "main");
    expect(route.agentId).toBe("a1");
    expect(others).toMatchObject([{ binding: 1, isMatch: true, because: "it fits too, and comes later" }]);
  });

  test("hears only the default account where a binding names none", () => {
    const binding: Binding = { action: "drop", match: { channel: "discord" } };
    expect(findRoute(inThread, [binding], "main").route.action).toBe("agent");
    const home = { ...inThread, from: { channel: "discord", chat: "t" } };
    expect(findRoute(home, [binding], "main").route.action).toBe("drop");
  });
});

test("bindings name agents that there are, and a reply says something", () => {
  const match = { channel: "x" };
  expect(checkBindings([{ match }, { agentId: "main", match }], { agentIds: ["main"] })).toEqual([]);
  expect(
    checkBindings(
      [
        { agentId: "nobody", match },
        { action: "reply", match },
      ],
      { agentIds: ["main"] },
    ),
  ).toEqual([
    "bindings[0].agent_id: there is no agent “nobody”; there is main.",
    "bindings[1].text: a reply says something.",
  ]);
});

describe("a glob", () => {
  test.each([
    ["", "", true],
    ["*", "", true],
    ["a*c", "abc", true],
    ["a*c", "ac", true],
    ["a*c", "acb", false],
    ["A?c", "abC", true],
    ["a?c", "ac", false],
    ["*b*", "aaabaaa", true],
    ["*.txt", "x.txt.exe", false],
    ["a.c", "abc", false],
    ["😀?", "😀b", true],
  ])("%p for %p: %p", (pattern, text, fits) => {
    expect(fitsGlob(pattern, text)).toBe(fits);
  });

  test("says what a regular expression says, for every short pattern and text", () => {
    const words = (signs: string, most: number): string[] =>
      most === 0 ? [""] : ["", ...words(signs, most - 1).flatMap((word) => Array.from(signs, (sign) => word + sign))];
    let fitting = 0;
    for (const pattern of new Set(words("ab*?", 4))) {
      const same = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
      for (const text of new Set(words("ab", 4))) {
        if (same.test(text)) fitting++;
        if (fitsGlob(pattern, text) !== same.test(text)) throw new Error(`${pattern} for ${text}`);
      }
    }
    expect(fitting).toBeGreaterThan(1_000);
  });
});

describe("a session key", () => {
  const ann = {
    from: { channel: "telegram", account: "default", chat: "9" },
    place: { kind: "direct" },
    senderId: "1",
  } as const;
  const links = { ann: ["telegram:1", "discord:5"] };

  test.each([
    ["main", {}, "agent:main:main"],
    ["main", links, "agent:main:main"],
    ["per-peer", {}, "agent:main:direct:1"],
    ["per-peer", links, "agent:main:direct:ann"],
    ["per-channel-peer", {}, "agent:main:telegram:direct:1"],
    ["per-channel-peer", links, "agent:main:telegram:direct:ann"],
    ["per-account-channel-peer", {}, "agent:main:telegram:default:direct:1"],
  ] as const)("of a direct chat in the scope %s, linked by %p", (dmScope, identityLinks, key) => {
    expect(sessionKeyOf(ann, "main", { dmScope, identityLinks } satisfies DmSessions)).toBe(key);
  });

  test("of a group is its own in every scope, with its thread, and with its account where that is not the default one", () => {
    const scopes = ["main", "per-peer", "per-channel-peer", "per-account-channel-peer"] as const;
    for (const dmScope of scopes) {
      const sessions = { dmScope, identityLinks: links };
      const at = (from: object, kind: "group" | "channel") =>
        sessionKeyOf(
          { from: { channel: "telegram", chat: "-100", ...from }, place: { kind }, senderId: "1" },
          "main",
          sessions,
        );
      expect(at({}, "group")).toBe("agent:main:telegram:group:-100");
      expect(at({ thread: "7" }, "group")).toBe("agent:main:telegram:group:-100:topic:7");
      expect(at({ channel: "slack", thread: "7.1" }, "channel")).toBe("agent:main:slack:channel:-100:thread:7.1");
      expect(at({ account: "work" }, "group")).toBe("agent:main:telegram:work:group:-100");
    }
  });
});
