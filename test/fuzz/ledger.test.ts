import { expect, spyOn, test } from "bun:test";
import type { TurnTools } from "#agent";
import { terminalStates } from "#protocol";
import type { ModelEvent, ModelRequest } from "#providers";
import { dice } from "../support/dice.ts";
import { type Mood, PigeonPost } from "../support/pigeon-post.ts";
import { calls, says } from "../support/scripted-provider.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { aborted, noTools, Walk, webchat } from "../support/walk.ts";

const moods: readonly Mood[] = ["takes", "takes", "takesInSilence", "breaks", "isBusy", "refusesForGood"];
const places = [
  { sessionKey: "agent:main:main", from: { channel: "webchat", chat: "agent:main:main" } },
  { sessionKey: "agent:main:b", from: { channel: "webchat", chat: "agent:main:b" } },
  ...["c1", "c2"].map((chat) => ({
    sessionKey: `agent:main:pigeon:default:direct:${chat}`,
    from: { channel: "pigeon", chat },
  })),
] as const;

const lives = 5;
const stepsOfALife = 12;

/** Once it has no more of it, everything works. */
interface Luck {
  bad: boolean;
}

test("whatever happens, every message that was accepted walks to an end, and what may be done once is done once", async () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const below = dice(seed);
  const one = <T>(list: readonly [T, ...T[]] | readonly T[]): T => {
    const found = list[below(list.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  };
  using folder = tempFolder();
  using random = spyOn(Math, "random");
  random.mockReturnValue(0.002);
  using post = new PigeonPost();
  post.retryAfterMs = 1;
  const luck: Luck = { bad: true };
  const paid: string[] = [];
  const accepted: string[] = [];
  const open = () =>
    new Walk({
      folder: folder.path,
      channels: [webchat, post.channel({ canTell: true })],
      tools: toolsOf(paid, luck, below),
      answer: (request, signal) => answer(request, signal, luck, below),
    });
  try {
    for (let life = 0; life < lives; life++) {
      await using walk = open();
      await walk.recovered();
      for (let step = 0; step < stepsOfALife; step++) {
        post.moods.push(one(moods));
        const place = one(places);
        const id = `${life}.${step}`;
        const what = below(10);
        if (what < 7) {
          const receipt = await walk.say("do something", { id, ...place });
          if (receipt.taken) accepted.push(id);
        } else if (what < 8) await walk.gateway.abort({ sessionKey: place.sessionKey });
        else if (what < 9) await walk.gateway.resetSession(place.sessionKey);
        else await Bun.sleep(below(10));
      }
      if (below(2) === 0) walk.freeze(); // this life ends as by kill -9
    }
    luck.bad = false;
    post.moods.length = 0;
    await using walk = open();
    await walk.recovered();
    await until("the end of all work", async () => {
      const owed = await walk.storage.outbox({ limit: 1, isDead: false });
      return owed.length === 0 && (await walk.storage.openRuns()).length === 0;
    });
    expect(accepted.length).toBeGreaterThan(lives);
    for (const id of accepted) {
      const traces = await walk.gateway.trace(id);
      expect(traces.map((trace) => trace.runId)).toEqual([id]);
      expect(terminalStates).toContain(traces[0]?.state ?? "received");
    }
    expect(paid.filter((call, at) => paid.indexOf(call) !== at)).toEqual([]);
  } catch (error) {
    throw new Error(`the walk with SEED=${seed} went astray`, { cause: error });
  }
}, 60_000);

function toolsOf(paid: string[], luck: Luck, below: (sides: number) => number): TurnTools {
  return {
    ...noTools,
    effectOf: (name) => (name === "pay" ? "once" : "idempotent"),
    run: async ({ id, name }, signal) => {
      if (name === "pay") paid.push(id);
      if (luck.bad && below(3) === 0) await aborted(signal);
      return { text: "did it", durationMs: 1 };
    },
  };
}

async function* answer(
  request: ModelRequest,
  signal: AbortSignal,
  luck: Luck,
  below: (sides: number) => number,
): AsyncGenerator<ModelEvent> {
  if (!luck.bad) return yield* says("done");
  const what = below(6);
  if (what === 0) return; // ends without an answer
  if (what === 1) {
    await aborted(signal);
    return;
  }
  if (what === 2) throw new TypeError("a bug");
  const isLong = request.messages.length > 6;
  if (what < 5 && !isLong) return yield* calls([Bun.randomUUIDv7(), below(2) === 0 ? "pay" : "put", {}]);
  yield* says("done");
}
