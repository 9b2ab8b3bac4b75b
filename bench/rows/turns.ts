import { cpuMs, quantile } from "../figures.ts";
import type { Row } from "../row.ts";
import { Talker } from "../talk.ts";

/** Turns until they take as long as they will: code is compiled, statements are prepared. */
const warmUp = 200;

/** The fake model answers at once, so what is left is ours, two syncs of the disk included. */
export function turnsAt(sessions: number): Row {
  return async (peer, { turns }, { syncMs }) => {
    await using gateway = await peer.start();
    await using talker = await Talker.open(gateway.socketUrl);
    await talker.talk(sessions, Math.ceil(warmUp / sessions));
    const [cpuBefore, begin] = [cpuMs(gateway.pid), performance.now()];
    const latencies = await talker.talk(sessions, Math.ceil(turns / sessions));
    const seconds = (performance.now() - begin) / 1_000;
    const cpu = (cpuMs(gateway.pid) - cpuBefore) / latencies.length;
    const at = `turn at ${sessions} session${sessions === 1 ? "" : "s"}`;
    const [isAlone, isCrowd] = [sessions === 1, sessions === 64];
    return [
      {
        what: `${at}, send → final, p50`,
        unit: "ms",
        value: quantile(latencies, 0.5),
        ...(isAlone && { atMost: 1 + 2 * syncMs }),
      },
      {
        what: `${at}, send → final, p99`,
        unit: "ms",
        value: quantile(latencies, 0.99),
        ...(isAlone && { atMost: 10 + 2 * syncMs }),
      },
      {
        what: `${at}, turns`,
        unit: "/s",
        value: latencies.length / seconds,
        ...(isCrowd && { atLeast: 1_000 }),
      },
      { what: `${at}, CPU a turn`, unit: "ms", value: cpu, ...(isCrowd && { atMost: 1 }) },
    ];
  };
}
