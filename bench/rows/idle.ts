import { cpuMs, rssMegabytes } from "../figures.ts";
import type { Row } from "../row.ts";

/** Processor time comes in steps of 10 ms, which are 0.2 % of five seconds. */
export const idle: Row = async (peer, { idleSeconds }) => {
  await using gateway = await peer.start();
  await Bun.sleep(500); // what a start leaves to do is not idling
  const before = cpuMs(gateway.pid);
  await Bun.sleep(idleSeconds * 1_000);
  const share = (cpuMs(gateway.pid) - before) / (idleSeconds * 1_000);
  return [
    { what: "idle RSS", unit: "MB", value: rssMegabytes(gateway.pid), atMost: 40 },
    { what: "idle CPU", unit: "%", value: share * 100, atMost: 0.2 },
  ];
};
