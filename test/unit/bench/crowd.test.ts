import { expect, test } from "bun:test";
import { Crowd } from "../../../bench/platforms/drive.ts";
import type { Side } from "../../../bench/platforms/side.ts";

interface Habits {
  /** Whether the platform is told of its `n`th message. */
  readonly isTold: (n: number) => boolean;
  readonly answersTo: (n: number, text: string) => readonly string[];
}

/** A platform with one chat and a gateway of these habits. */
function side({ isTold, answersTo }: Habits): Side {
  const said: string[] = [];
  const counts = { looked: 0 };
  return {
    channel: "slack",
    settings: {},
    isConnected: true,
    say: (_chat, text) => void said.push(text),
    told: () => {
      const news = said.flatMap((_text, n) => (n >= counts.looked && isTold(n) ? [n] : []));
      counts.looked = said.length;
      return news;
    },
    answers: () => said.flatMap((text, n) => answersTo(n, text).map((answer) => ({ chat: 0, text: answer }))),
    [Symbol.asyncDispose]: async () => {},
  };
}

const drive = (habits: Habits) => new Crowd([side(habits)], 1, 20).drive({ perSecond: 1_000, seconds: 0.02 });

test("a message that its platform was never told of is counted, and is no lost one", async () => {
  const outcome = await drive({ isTold: (n) => n !== 3, answersTo: (n, text) => (n === 3 ? [] : [text]) });
  expect(outcome).toMatchObject({ messages: 20, unacknowledged: 1, wrong: [] });
});

test.each([
  ["is lost", (n: number, text: string) => (n === 3 ? [] : [text]), "slack: 0 m3. was answered 0 times"],
  ["is doubled", (n: number, text: string) => (n === 3 ? [text, text] : [text]), "slack: 0 m3. was answered 2 times"],
  ["is foreign", (n: number, text: string) => (n === 3 ? [text, "m99."] : [text]), "slack: 0 m99. was not asked"],
])("an answer that %s is wrong", async (_what, answersTo, problem) => {
  const outcome = await drive({ isTold: () => true, answersTo });
  expect(outcome).toMatchObject({ unacknowledged: 0, wrong: [problem] });
});

test("an answer that is doubled is wrong although its platform was not told", async () => {
  const outcome = await drive({ isTold: (n) => n !== 3, answersTo: (_n, text) => [text, text] });
  expect(outcome.wrong).toContain("slack: 0 m3. was answered 2 times");
});
