import { expect, test } from "bun:test";
import { Inbox, type Sender } from "../../../src/rpc/inbox.ts";

const plenty = 1_000_000;

/** An inbox, senders on it, and a clock that moves by one for each frame that is taken up. */
function open(turnMs: number) {
  const time = { ms: 0 };
  const served: string[] = [];
  const inbox = new Inbox({ turnMs, elapsed: () => time.ms });
  const sender = (name: string): Sender => ({
    serve: (text) => {
      time.ms++;
      served.push(name + text);
    },
  });
  return { inbox, sender, served };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("while there is time, frames are taken up as they come", () => {
  const { inbox, sender, served } = open(10);
  const one = sender("a");
  for (let i = 0; i < 10; i++) expect(inbox.take(one, String(i), 0)).toBe(true);
  expect(served).toHaveLength(10);
});

test("what comes later waits for the next turns, in its order, and everyone has one frame taken up in each", async () => {
  const { inbox, sender, served } = open(3);
  const [flood, other] = [sender("a"), sender("b")];
  for (let i = 0; i < 6; i++) inbox.take(flood, String(i), plenty);
  for (let i = 0; i < 2; i++) inbox.take(other, String(i), plenty);
  expect(served).toEqual(["a0", "a1", "a2"]);
  await nextTurn();
  expect(served.slice(3)).toEqual(["a3", "b0"]);
  expect(inbox.take(flood, "6", plenty)).toBe(true);
  for (let turns = 0; turns < 4; turns++) await nextTurn();
  expect(served.slice(5)).toEqual(["a4", "b1", "a5", "a6"]);
});

test("when one turn is too short for everyone, the next goes on where it ended", async () => {
  const { inbox, sender, served } = open(2);
  const senders = ["a", "b", "c"].map(sender);
  for (let round = 0; round < 3; round++) for (const one of senders) inbox.take(one, String(round), plenty);
  for (let turns = 0; turns < 4; turns++) await nextTurn();
  expect(served).toEqual(["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]);
});

test("who has more waiting than may is told, and what was dropped is not taken up", async () => {
  const { inbox, sender, served } = open(1);
  const one = sender("a");
  inbox.take(one, "", 100);
  expect([1, 2, 3].map((i) => inbox.take(one, String(i), 100))).toEqual([true, true, false]);
  inbox.drop(one);
  await nextTurn();
  expect(served).toEqual(["a"]);
});
