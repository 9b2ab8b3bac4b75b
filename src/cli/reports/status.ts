import { Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";
import { duration } from "./duration.ts";

const Status = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  uptimeMs: Type.Number(),
  model: Type.String(),
  sandbox: Type.Object({ backend: Type.String(), canRun: Type.Boolean(), because: Type.String() }),
  storage: Type.Object({ backend: Type.String(), ok: Type.Boolean(), problem: Type.Optional(Type.String()) }),
  damaged: Type.Optional(Type.Array(Type.Object({ key: Type.String(), seq: Type.Integer() }))),
  turns: Type.Object({ running: Type.Integer(), waiting: Type.Integer() }),
  memory: Type.Object({ rssBytes: Type.Number() }),
});

export async function printStatus(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const status = expectShape(Status, answer, "status");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  const { sandbox, storage, turns } = status;
  const rows = [
    ["gateway", `${status.version}, process ${status.pid}, up ${duration(status.uptimeMs)}`],
    ["model", status.model],
    ["turns", `${turns.running} running, ${turns.waiting} waiting`],
    ["storage", `${storage.backend}, ${storage.ok ? "in order" : (storage.problem ?? "not in order")}`],
    ...(status.damaged ?? []).map(({ key, seq }) => ["damaged", `${key}, at seq ${seq}`]),
    ["sandbox", sandbox.canRun ? sandbox.backend : `${sandbox.backend}, runs nothing: ${sandbox.because}`],
    ["memory", `${(status.memory.rssBytes / 1_048_576).toFixed(1)} MiB`],
  ];
  await context.stdout.write(`${columns(rows.map((row) => row.map(safeLine)))}\n`);
  return 0;
}
