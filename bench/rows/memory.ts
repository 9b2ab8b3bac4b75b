import { rssMegabytes } from "../figures.ts";
import type { Row } from "../row.ts";
import { Talker } from "../talk.ts";

const sessions = 8;

/** Turns as fast as they go; each session soon has more history than a model is given. */
export const memory: Row = async (peer) => {
  await using gateway = await peer.start();
  await using talker = await Talker.open(gateway.socketUrl);
  const after = async (turns: number) => {
    await talker.talk(sessions, turns / sessions);
    return rssMegabytes(gateway.pid);
  };
  const early = await after(504);
  const middle = await after(2_496);
  const late = await after(2_000);
  await Bun.sleep(5_000);
  return [
    { what: "RSS after 500 turns", unit: "MB", value: early, atMost: 60 },
    { what: "RSS after 3,000 turns", unit: "MB", value: middle },
    { what: "RSS growth from there to 5,000 turns", unit: "MB", value: late - middle, atMost: 5 },
    { what: "RSS five seconds after 5,000 turns", unit: "MB", value: rssMegabytes(gateway.pid) },
  ];
};
