import { startGateway } from "../../test/support/gateway-process.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { cpuMs, rssMegabytes } from "../figures.ts";
import { Platforms } from "../platforms/index.ts";
import type { Figure, Row } from "../row.ts";

/** As many accounts as it takes to stay below what a platform lets one bot say. */
const accountsEach = 12;
const perSecond = 1_000;
/** Many, because a person who answers us twenty times a minute is taken for a program. */
const chats = 128;
/** What the first messages load and compile is no message's; a gateway that serves a crowd compiles more, after a thousand. */
const warmUp = { perSecond: 300, seconds: 5 };

/**
 * Messages from every platform at once, each answered by a turn. Throws when one is lost, or is answered twice; one that its
 * platform still has in the end is a figure.
 */
export const channelLoad: Row = async (peer, { channelSeconds: seconds }) => {
  if (peer.name === "floor") return [];
  await using platforms = await Platforms.open({ accountsEach, chats });
  await using gateway = await startGateway({ home: tempFolder().path, config: platforms.config });
  await platforms.connected();
  const warm = await platforms.drive(warmUp);
  if (warm.wrong.length > 0) throw new Error(problemOf(warm.wrong));
  const cpuBefore = cpuMs(gateway.pid);
  const outcome = await platforms.drive({ perSecond, seconds });
  const each = (ms: number) => ms / outcome.messages;
  if (outcome.wrong.length > 0) throw new Error(problemOf(outcome.wrong));
  const taken = outcome.messages - outcome.unacknowledged;
  const at = `messages of 3 channels at ${perSecond}/s`;
  return [
    {
      what: `${at}, acknowledged`,
      unit: "/s",
      value: taken / outcome.toldSeconds,
      atLeast: perSecond * 0.99,
    },
    { what: `${at}, never acknowledged`, unit: "", value: outcome.unacknowledged, atMost: 0 },
    { what: `${at}, answered`, unit: "/s", value: taken / outcome.answeredSeconds },
    ...Object.entries(outcome.toldP99Ms).map(([channel, value]): Figure => ({
      what: `${at}, said → acknowledged, p99, ${channel}`,
      unit: "ms",
      value,
      atMost: 50,
    })),
    ...Object.entries(outcome.toldP50Ms).map(([channel, value]): Figure => ({
      what: `${at}, said → acknowledged, p50, ${channel}`,
      unit: "ms",
      value,
    })),
    { what: `${at}, CPU a message`, unit: "ms", value: each(cpuMs(gateway.pid) - cpuBefore) },
    { what: `${at}, CPU a message of platforms and model`, unit: "ms", value: each(outcome.cpuMs) },
    { what: `${at}, RSS at the end`, unit: "MB", value: rssMegabytes(gateway.pid) },
  ];
};

/** Open, connected, and nobody writes. */
export const accountsIdle: Row = async (peer, { idleSeconds }) => {
  if (peer.name === "floor") return [];
  await using platforms = await Platforms.open({ accountsEach, chats: 1 });
  await using gateway = await startGateway({ home: tempFolder().path, config: platforms.config });
  await platforms.connected();
  await Bun.sleep(2_000); // what connecting leaves to do is not idling
  const before = cpuMs(gateway.pid);
  await Bun.sleep(idleSeconds * 1_000);
  const share = (cpuMs(gateway.pid) - before) / (idleSeconds * 1_000);
  const at = `${accountsEach * 3} accounts idle`;
  return [
    { what: `${at}, RSS`, unit: "MB", value: rssMegabytes(gateway.pid), atMost: 90 },
    { what: `${at}, CPU`, unit: "%", value: share * 100, atMost: 0.5 },
  ];
};

function problemOf(wrong: readonly string[]): string {
  return [`${wrong.length} messages went wrong:`, ...wrong.slice(0, 20)].join("\n");
}
