import type { SessionEvent } from "#protocol";
import type { Database } from "bun:sqlite";
import { anyCanary, askedIn, type Canary } from "./canary.ts";
import type { Shown, Square } from "./square.ts";
import { mailbox } from "./telegram-square.ts";
import type { Town } from "./town.ts";

/** What the log has of one canary. */
interface Story {
  readonly runId: string;
  readonly endings: string[];
  deliveries: number;
  /** The log says that a try may have arrived twice. */
  doubts: number;
}

/** Whoever sees this sees what was never meant for people. */
const inward: readonly RegExp[] = [
  /<\/?(?:tool_call|function_calls|invoke)/i,
  /\[attached:/i,
  /\[quoted/i,
  /\[It answers/,
  /\[Said (?:here before|to you)/,
  /"toolCallId"|call-CNY/,
  /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/,
];

/** Of a message whose answers get lost on the way, and whose sender dies. */
const mostTries = 5;

export interface Findings {
  readonly violations: readonly string[];
  /** Answers that a chat shows again, where the platform could not be asked and the log says so. */
  readonly knownDoubles: number;
  readonly events: number;
  /** Answers that a chat saw growing. */
  readonly grown: number;
}

/** What a chat shows of the answer to one canary. */
interface Seen {
  whole: number;
  half: number;
}

/** Everything that must be so in a town when nothing is owed to it. */
export function lookAround(town: Town, db: Database, effects: readonly string[]): Findings {
  const violations: string[] = [];
  const say = (text: string) => violations.push(text);
  const events = readEvents(db);
  const stories = readStories(events, say);
  const byWord = new Map(town.canaries.map((canary) => [canary.word, canary]));
  const answers = readAnswers(town, byWord, say);
  const ran = Map.groupBy(effects, (line) => line);
  let knownDoubles = 0;
  for (const canary of town.canaries) {
    const story = stories.get(canary.word);
    const seen = answers.get(canary.word) ?? { whole: 0, half: 0 };
    if (seen.whole > 1) knownDoubles += seen.whole - 1;
    checkCanary(canary, { story, seen, say });
    const times = ran.get(canary.word)?.length ?? 0;
    if (times > 1) say(`${canary.word}: its tool ran ${times} times`);
  }
  checkOrder(town, events, say);
  checkGlimpses(town, byWord, say);
  const grown = new Set(
    town.squares.flatMap((square) => square.glimpses()).flatMap(({ text }) => answerIn(text) ?? []),
  );
  return { violations, knownDoubles, events: events.length, grown: grown.size };
}

function readEvents(db: Database): readonly SessionEvent[] {
  using all = db.prepare<{ data: string }, []>("SELECT data FROM events ORDER BY session_id, seq");
  return all.all().map(({ data }) => JSON.parse(data) as SessionEvent);
}

function readStories(events: readonly SessionEvent[], say: (text: string) => void): ReadonlyMap<string, Story> {
  const stories = new Map<string, Story>();
  const byRun = new Map<string, Story>();
  for (const event of events) {
    if (event.kind === "MessageReceived") {
      const word = askedIn(event.text)?.word;
      if (word === undefined) say(`${event.runId} is a turn that nobody asked for`);
      else if (stories.has(word)) say(`${word} is two turns`);
      else {
        const story: Story = { runId: event.runId, endings: [], deliveries: 0, doubts: 0 };
        stories.set(word, story);
        byRun.set(event.runId, story);
      }
    }
    if (event.kind === "AgentResponse" && event.stopReason !== "toolUse")
      byRun.get(event.runId)?.endings.push(event.stopReason);
    if (event.kind === "MessageSent") {
      const story = byRun.get(event.runId ?? "");
      if (story) story.deliveries++;
    }
    if (event.kind === "StateChanged" && event.key === "delivery.uncertain") {
      const story = byRun.get((event.value as { runId?: string }).runId ?? "");
      if (story) story.doubts++;
    }
  }
  return stories;
}

/** How often each canary was answered where it was said, or arrived where it is passed on to. What stands anywhere else is a violation. */
function readAnswers(
  town: Town,
  byWord: ReadonlyMap<string, Canary>,
  say: (text: string) => void,
): ReadonlyMap<string, Seen> {
  const answers = new Map<string, Seen>();
  const note = (word: string, what: keyof Seen) => {
    const seen = answers.get(word) ?? { whole: 0, half: 0 };
    answers.set(word, { ...seen, [what]: seen[what] + 1 });
  };
  for (const square of town.squares) {
    for (const shown of square.shown()) {
      checkPlace(square, shown, byWord, say);
      const { spot, text } = shown;
      for (const passed of text.match(anyCanary) ?? [])
        if (String(byWord.get(passed)?.spot.passesTo) === spot) note(passed, "whole");
      const word = answerIn(text);
      if (word !== undefined) note(word, text.includes(`over ${word}`) ? "whole" : "half");
      // A stream of Slack's begins empty, and can be lost before anything is in it.
      if (text === "" && square.platform !== "slack") say(`${square.platform} ${spot} shows an empty message`);
    }
  }
  return answers;
}

/** What was there for a moment alone must have been in its own chat, too. */
function checkGlimpses(town: Town, byWord: ReadonlyMap<string, Canary>, say: (text: string) => void): void {
  for (const square of town.squares) for (const glimpse of square.glimpses()) checkPlace(square, glimpse, byWord, say);
}

/** What stands in a chat that was neither said there nor passed on to there is a violation, as is what was meant for nobody. */
function checkPlace(
  { platform, spots }: Square,
  { spot, text }: Pick<Shown, "spot" | "text">,
  byWord: ReadonlyMap<string, Canary>,
  say: (text: string) => void,
): void {
  const answered = answerIn(text);
  const whole = (name: string) => spots.find((one) => one.name === name)?.partOf ?? name;
  for (const word of text.match(anyCanary) ?? []) {
    const home = byWord.get(word)?.spot;
    const place = home?.passesTo ?? home?.name ?? "";
    const isHere = word === answered ? place === spot : whole(place) === whole(spot);
    if (home?.platform !== platform || !isHere) say(`${word} is shown in ${platform} ${spot}`);
  }
  for (const pattern of inward)
    if (pattern.test(text)) say(`${platform} ${spot} shows ${pattern}: ${text.slice(0, 200)}`);
}

function answerIn(text: string): string | undefined {
  return /\banswer (CNY[0-9a-z]+Z)/.exec(text)?.[1];
}

function checkCanary(
  { isForUs, isTaken, spot, word }: Canary,
  {
    story,
    seen: { half, whole },
    say,
  }: { readonly story: Story | undefined; readonly seen: Seen; readonly say: (text: string) => void },
): void {
  const where = `${word} (${spot.platform} ${spot.name})`;
  if (!story) {
    if (isForUs && isTaken()) say(`${where} was taken and is no turn`);
    if (whole + half > 0) say(`${where} was answered without a turn`);
    return;
  }
  if (!isForUs) say(`${where} was not for us and is a turn`);
  if (story.endings.length !== 1) say(`${where} has ${story.endings.length} endings`);
  if (story.deliveries === 0) say(`${where}: its answer is not recorded as sent`);
  if (spot.passesTo !== undefined && whole === 0) say(`${where} did not arrive at ${spot.passesTo}`);
  // A turn that was cut off too often ends with words of our own.
  if (story.endings[0] === "stop" && whole === 0) say(`${where}: its answer is nowhere`);
  const canBeTwice = spot.platform === "telegram" && spot.passesTo !== mailbox && story.doubts > 0;
  const mostShown = canBeTwice ? mostTries : 1;
  if (whole > mostShown) say(`${where} was answered ${whole} times; the log tells of ${story.doubts} doubts`);
  if (half > (canBeTwice ? 1 : 0)) say(`${where}: ${half} halves of its answer are left; ${story.doubts} doubts`);
}

/** Answers stand in the order of the turns, place by place. */
function checkOrder(town: Town, events: readonly SessionEvent[], say: (text: string) => void): void {
  const turns = events.flatMap((event) => (event.kind === "MessageReceived" ? (askedIn(event.text)?.word ?? []) : []));
  const nthTurn = new Map(turns.map((word, nth) => [word, nth]));
  for (const square of town.squares) {
    for (const [spot, shown] of Map.groupBy(square.shown(), (one: Shown) => one.spot)) {
      const words = [...new Set(shown.flatMap(({ text }) => answerIn(text) ?? []))];
      const order = words.map((word) => nthTurn.get(word) ?? -1);
      if (order.some((nth, at) => at > 0 && nth < (order[at - 1] ?? 0))) {
        say(`${square.platform} ${spot} shows its answers out of order: ${order.join(" ")}`);
      }
    }
  }
}
