import { expect, test } from "bun:test";
import { formatSessionKey, parseSessionKey } from "#sessions";

const defaults = { agentId: "main" };

test.each([
  // canonical
  ["agent:main:main", { key: "agent:main:main", agentId: "main", channel: "internal" }],
  ["agent:work:my-notes", { key: "agent:work:my-notes", agentId: "work", channel: "internal" }],
  ["agent:main:direct:anna", { key: "agent:main:direct:anna", channel: "internal", peerId: "anna" }],
  ["agent:main:telegram:direct:5", { key: "agent:main:telegram:direct:5", channel: "telegram", peerId: "5" }],
  [
    "agent:main:telegram:default:direct:5",
    { key: "agent:main:telegram:default:direct:5", channel: "telegram", peerId: "5" },
  ],
  [
    "agent:main:telegram:group:-100:topic:7",
    { key: "agent:main:telegram:group:-100:topic:7", channel: "telegram", peerId: "-100" },
  ],
  [
    "agent:main:slack:channel:c1:thread:17.2",
    { key: "agent:main:slack:channel:c1:thread:17.2", channel: "slack", peerId: "c1" },
  ],
  [
    "agent:main:matrix:direct:@a:host.org",
    { key: "agent:main:matrix:direct:@a:host.org", channel: "matrix", peerId: "@a:host.org" },
  ],
  ["agent:main:subagent:0197", { key: "agent:main:subagent:0197", channel: "internal" }],
  ["agent:main:explicit:model-run-1", { key: "agent:main:explicit:model-run-1", channel: "internal" }],
  ["agent:main:main:thread:9", { key: "agent:main:main:thread:9", channel: "internal" }],
  // shorter
  ["main", { key: "agent:main:main" }],
  ["my-notes", { key: "agent:main:my-notes" }],
  ["agent:work", { key: "agent:work:main", agentId: "work" }],
  ["global", { key: "agent:main:global" }],
  ["cron:job1", { key: "agent:main:cron:job1", channel: "internal" }],
  ["hook:0197", { key: "agent:main:hook:0197" }],
  ["node-abc", { key: "agent:main:node-abc" }],
  [`sk_v1_${"a".repeat(64)}`, { key: `agent:main:sk_v1_${"a".repeat(64)}` }],
  // older and other spellings
  ["agent:main:dm:anna", { key: "agent:main:direct:anna" }],
  ["agent:main:telegram:dm:5", { key: "agent:main:telegram:direct:5" }],
  ["agent:main:telegram:default:dm:5", { key: "agent:main:telegram:default:direct:5" }],
  [
    "agent:main:telegram:default:user123",
    { key: "agent:main:telegram:default:direct:user123", channel: "telegram", peerId: "user123" },
  ],
  ["agent:a:channel:telegram:account:work:dm:5", { key: "agent:a:telegram:work:direct:5", agentId: "a", peerId: "5" }],
  [
    "agent:a:channel:telegram:account:default:group:-1",
    { key: "agent:a:telegram:group:-1", channel: "telegram", peerId: "-1" },
  ],
  ["agent:a:channel:telegram:account:work:group:-1", { key: "agent:a:telegram:work:group:-1", peerId: "-1" }],
  ["telegram:12345", { key: "agent:main:telegram:direct:12345", channel: "telegram", peerId: "12345" }],
  ["matrix:!room:host.org", { key: "agent:main:matrix:direct:!room:host.org", peerId: "!room:host.org" }],
  ["telegram:group:-5", { key: "agent:main:telegram:group:-5" }],
  ["discord:default:77", { key: "agent:main:discord:default:direct:77" }],
  // normalised
  [" Agent:Main:Telegram:DM:ABC ", { key: "agent:main:telegram:direct:abc" }],
  ["agent:My Agent!:main", { key: "agent:my-agent-:main", agentId: "my-agent-" }],
  [`agent:${"x".repeat(80)}:main`, { key: `agent:${"x".repeat(64)}:main` }],
  ["agent:../../etc:main", { key: "agent:------etc:main" }],
  ["telegram:../../etc/passwd", { key: "agent:main:telegram:direct:../../etc/passwd" }],
])("%s is understood", (text, expected) => {
  expect(parseSessionKey(text, defaults)).toMatchObject({ ok: true, ...expected });
});

test.each([
  ["", "empty"],
  ["   ", "empty"],
  ["agent:", "empty"],
  ["agent::main", "empty"],
  ["telegram:", "empty"],
  ["a: :b", "empty"],
  ["a\0b", "control"],
  ["a\nb", "control"],
  ["a\u202eb", "invisible"],
  ["a\u200bb", "invisible"],
  ["\ud800", "Unicode"],
  ["x".repeat(513), "512"],
  ["x".repeat(505), "512"],
  ["\u0130".repeat(400), "512"],
])("%j is refused", (text, because) => {
  expect(parseSessionKey(text, defaults)).toEqual({ ok: false, because: expect.stringContaining(because) });
});

test("a conversation has the key that its key says", () => {
  const place = { agentId: "main", channel: "telegram", peer: "-100", kind: "group" } as const;
  expect(formatSessionKey({ ...place, thread: { kind: "topic", id: "7" } })).toMatchObject({
    ok: true,
    key: "agent:main:telegram:group:-100:topic:7",
  });
  expect(formatSessionKey({ ...place, account: "Work", kind: "direct", peer: "5" })).toMatchObject({
    key: "agent:main:telegram:work:direct:5",
    channel: "telegram",
    peerId: "5",
  });
  expect(formatSessionKey({ ...place, peer: "" })).toMatchObject({ ok: false });
});

test("whatever is understood means the same when its canonical key is read, under any default agent", () => {
  const words = [
    "agent",
    "main",
    "Main",
    "dm",
    "direct",
    "group",
    "channel",
    "account",
    "topic",
    "thread",
    "telegram",
  ].concat([
    "slack",
    "default",
    "user",
    "cron",
    "hook",
    "x",
    "\u0130",
    "../..",
    "a b",
    "@u",
    "-100",
    "17.2",
    "d.m",
    "\u03a3",
  ]);
  const seed = Number(process.env["SEED"] ?? 20_260_101);
  let state = seed;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  let understood = 0;
  for (let round = 0; round < 20_000; round++) {
    const word = () => words[random(words.length)] ?? "";
    const spelledOut = ["agent", word(), "channel", word(), "account", word(), word(), word()];
    const text = (round % 4 === 0 ? spelledOut : Array.from({ length: 1 + random(8) }, word)).join(":");
    const parsed = parseSessionKey(text, defaults);
    if (!parsed.ok) throw new Error(`seed ${seed}: ${text} was refused: ${parsed.because}`);
    expect(parseSessionKey(parsed.key, { agentId: "other" }), `seed ${seed}: ${text}`).toEqual(parsed);
    understood += 1;
  }
  expect(understood).toBe(20_000);
});
