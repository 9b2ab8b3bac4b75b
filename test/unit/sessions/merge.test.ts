import { expect, test } from "bun:test";
import { newId } from "#base";
import type { StoredEvent } from "#protocol";
import { mergedSummary, mergeLogs } from "../../../src/sessions/merge.ts";
import { dice } from "../../support/dice.ts";
import { randomEvents } from "../../support/random-log.ts";

/** Logs that begin with the same events and then go their own ways, by clocks that also go back. */
function forks(roll: (sides: number) => number, count: number): StoredEvent[][] {
  let at = 1_000;
  const stored = (seq: number, event: StoredEvent["event"]): StoredEvent => {
    at += roll(5) - 1;
    return { id: newId(), sessionId: "s", seq, at, hash: "", event };
  };
  const common = randomEvents(roll, roll(3)).map((event, n) => stored(n + 1, event));
  return Array.from({ length: count }, () => {
    const own = randomEvents(roll, 1 + roll(3)).map((event, n) => stored(common.length + n + 1, event));
    return [...common, ...own];
  });
}

test("logs that are merged in any order give the same events and the same state, and keep their own order", () => {
  for (let n = 0; n < 200; n++) {
    const seed = (Date.now() + n * 104_729) % 10_000_000;
    const roll = dice(seed);
    const [a = [], b = [], c = []] = forks(roll, 3);
    const merged = mergeLogs(a, b, c);
    for (const other of [
      mergeLogs(c, b, a),
      mergeLogs(mergeLogs(a, b), c),
      mergeLogs(a, mergeLogs(c, b)),
      mergeLogs(mergeLogs(a, c), mergeLogs(b, a)),
    ])
      expect(other, `seed ${seed}`).toEqual(merged);
    expect(mergedSummary(b, a, c), `seed ${seed}`).toEqual(mergedSummary(a, b, c));
    for (const log of [a, b, c]) {
      const ids = new Set(log.map(({ id }) => id));
      expect(
        merged.filter(({ id }) => ids.has(id)),
        `seed ${seed}`,
      ).toEqual(log);
    }
  }
});

function set(id: string, at: number, value: string): StoredEvent {
  return { id, sessionId: "s", seq: 1, at, hash: "", event: { kind: "StateChanged", key: "label", value } };
}

test("of two that set the same, the later one wins, whichever log is named first", () => {
  const [early, late] = [set("b", 1, "early"), set("a", 2, "late")];
  expect(mergedSummary([early], [late]).settings.label).toBe("late");
  expect(mergedSummary([late], [early]).settings.label).toBe("late");
});
