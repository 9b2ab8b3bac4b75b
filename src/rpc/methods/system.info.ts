import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const systemInfo = defineMethod({
  name: "system.info",
  summary: "The machine that the gateway runs on.",
  scope: "operator.read",
  route: { verb: "GET", path: "/system" },
  params: Type.Object({}, closed),
  result: Type.Object({
    hostname: Type.String(),
    platform: Type.String(),
    release: Type.String(),
    arch: Type.String(),
    runtime: Type.String(),
    pid: Type.Integer(),
    uptimeMs: Type.Integer({ description: "Of the gateway." }),
    cpuCount: Type.Integer(),
    loadAverage: Type.Array(Type.Number()),
    memoryTotalBytes: Type.Integer(),
    memoryFreeBytes: Type.Integer(),
  }),
  handle: async (_params, { services }) => {
    // Loaded for who asks: no gateway needs it to start.
    const { availableParallelism, freemem, hostname, loadavg, release, totalmem } = await import("node:os");
    const { pid, uptimeMs } = await services.status();
    return {
      hostname: hostname(),
      platform: process.platform,
      release: release(),
      arch: process.arch,
      runtime: `bun ${Bun.version}`,
      pid,
      uptimeMs: Math.round(uptimeMs),
      cpuCount: availableParallelism(),
      loadAverage: loadavg(),
      memoryTotalBytes: totalmem(),
      memoryFreeBytes: freemem(),
    };
  },
});
