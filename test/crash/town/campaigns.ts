import { until } from "../../support/until.ts";
import { deadline, newTally, type Tally } from "../tally.ts";
import { pick } from "./square.ts";
import { Town } from "./town.ts";
import { Village } from "./village.ts";

/** Where a message of Telegram stands between its poll and the record that its answer is there. */
export const telegramPlaces: readonly string[] = [
  "telegram.poll.brought",
  "gateway.receive.reserved",
  "gateway.receive.appended",
  "gateway.receive.placed",
  "gateway.receive.repeated",
  "telegram.offset.begin",
  "telegram.offset.noted",
  "inbound.wait.written",
  "inbound.wait.placed",
  "inbound.wait.forgotten",
  "agent.model.answered",
  "gateway.turn.recorded",
  "outbox.deliver.begin",
  "outbox.deliver.attempted",
  "outbox.deliver.recorded",
];

/** Where an answer stands that its chat sees growing. */
export const growingPlaces: readonly string[] = [
  "outbox.preview.written",
  "outbox.preview.shown",
  "outbox.preview.noted",
  "outbox.preview.grown",
  "gateway.turn.delta",
  "agent.model.answered",
  "gateway.turn.recorded",
  "outbox.deliver.begin",
  "outbox.preview.finished",
  "outbox.deliver.attempted",
  "outbox.deliver.recorded",
];

interface Effort {
  /** The command of the house, with places to die at. */
  readonly command: readonly string[];
  readonly kills: number;
  readonly minutes: number;
}

/** Homes alternate between one conversation for all direct chats and one for each; there are two at least. */
const deathsPerHome = ({ kills }: Effort) => Math.min(40, Math.ceil(kills / 2));
const people = 200;
const fewPeople = 24;

/** REL-10: a gateway that polls Telegram dies at every place of the walk, over a backlog of a day. */
export async function overTelegram(effort: Effort & { readonly backlog: number }): Promise<Tally> {
  const tally = newTally("over Telegram (REL-10)");
  const isOver = deadline(effort.minutes);
  for (let home = 0; tally.kills < effort.kills && !isOver(); home++) {
    const town = await Town.open(["telegram"], people);
    town.speak(home === 0 ? effort.backlog : 50);
    town.telegram?.garble();
    await inVillage(new Village(town, effort.command, { isShared: home % 2 === 1 }), tally, async (village) => {
      for (let deaths = 0; deaths < deathsPerHome(effort) && tally.kills < effort.kills && !isOver(); deaths++) {
        const place = telegramPlaces[tally.kills % telegramPlaces.length] ?? "";
        if (await dieThere(village, place)) tally.hits.set(place, (tally.hits.get(place) ?? 0) + 1);
        tally.kills++;
      }
    });
  }
  return tally;
}

/** 200 people on three platforms, each message with a canary; the gateway dies at random moments. */
export async function overTown(effort: Effort): Promise<Tally> {
  const tally = newTally("over three platforms, with canaries");
  const isOver = deadline(effort.minutes);
  for (let home = 0; tally.kills < effort.kills && !isOver(); home++) {
    const town = await Town.open(["telegram", "discord", "slack"], people);
    await inVillage(new Village(town, effort.command, { isShared: home % 2 === 1 }), tally, async (village) => {
      for (let deaths = 0; deaths < deathsPerHome(effort) && tally.kills < effort.kills && !isOver(); deaths++) {
        await liveAndDie(village);
        tally.kills++;
      }
    });
  }
  return tally;
}

/** The same three platforms, where answers take their time and are shown while they grow; the gateway dies amid. */
export async function overGrowing(effort: Effort): Promise<Tally> {
  const tally = newTally("over three platforms, while answers grow");
  const isOver = deadline(effort.minutes);
  for (let home = 0; tally.kills < effort.kills && !isOver(); home++) {
    const town = await Town.open(["telegram", "discord", "slack"], fewPeople, home % 2 === 0 ? "partial" : "block");
    const village = new Village(town, effort.command, { isShared: home % 4 >= 2, isSlow: true });
    await inVillage(village, tally, async () => {
      await overture(village);
      for (let deaths = 0; deaths < deathsPerHome(effort) && tally.kills < effort.kills && !isOver(); deaths++) {
        const place = tally.kills % 3 === 2 ? undefined : growingPlaces[tally.kills % growingPlaces.length];
        if ((await dieGrowing(village, place)) && place) tally.hits.set(place, (tally.hits.get(place) ?? 0) + 1);
        tally.kills++;
      }
    });
  }
  return tally;
}

/** Lets turns end now and then, for those that are cut off too often end without an answer. */
async function dieGrowing(village: Village, place: string | undefined): Promise<boolean> {
  const { town } = village;
  await using gateway = await village.start(place && `${place}:${1 + Math.floor(Math.random() * 3)}`);
  if (!gateway) return true;
  town.speak(6);
  if (Math.random() < 0.5) town.disturb();
  const lifeMs = place === undefined ? Math.random() * 4_000 : 6_000;
  const isOver = await Promise.race([gateway.ended.then(() => true), Bun.sleep(lifeMs).then(() => false)]);
  if (!isOver) await gateway.stop("SIGKILL");
  return isOver;
}

async function dieThere(village: Village, place: string): Promise<boolean> {
  const { town } = village;
  town.speak(10);
  town.disturb();
  await using gateway = await village.start(`${place}:${1 + Math.floor(Math.random() * 3)}`);
  if (!gateway) return true;
  for (let round = 0; round < 8; round++) {
    town.speak(5);
    if (round === 4) town.telegram?.garble();
    const isOver = await Promise.race([gateway.ended.then(() => true), Bun.sleep(200).then(() => false)]);
    if (isOver) return true;
  }
  await gateway.stop("SIGKILL");
  return false;
}

async function liveAndDie(village: Village): Promise<void> {
  const { town } = village;
  if (town.canaries.length === 0) await overture(village);
  await using gateway = await village.start();
  await until("a town that is heard", () => town.isHeard, 30_000);
  const waves = pick([1, 2, 3]);
  for (let wave = 0; wave < waves; wave++) {
    town.speak(40);
    town.disturb();
    await Bun.sleep(30 + Math.random() * 300);
  }
  await gateway?.stop("SIGKILL");
  town.speak(10);
}

/** What Discord says before it has met us is said to nobody. */
async function overture(village: Village): Promise<void> {
  const { town } = village;
  await using gateway = await village.start();
  if (!gateway) throw new Error("it did not start");
  await until("a town that is heard", () => town.isHeard, 30_000);
  town.speak(30);
  await until("an answer everywhere", () => town.squares.every((square) => square.shown().length > 0), 30_000);
}

async function inVillage(village: Village, tally: Tally, live: (village: Village) => Promise<void>): Promise<void> {
  await using held = village;
  try {
    await live(held);
    const findings = await held.settle();
    tally.violations.push(...findings.violations);
    tally.doubleArrivals += findings.knownDoubles;
    tally.events += findings.events;
    if (village.isSlow && findings.grown === 0) tally.violations.push("no answer was seen growing");
  } catch (error) {
    tally.violations.push(error instanceof Error ? error.message : String(error));
  }
  const { canaries } = held.town;
  tally.said += canaries.length;
  tally.acknowledged += canaries.filter(({ isTaken }) => isTaken()).length;
  tally.readyMs.push(...held.readyMs);
}
