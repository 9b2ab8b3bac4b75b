import type { CliContext } from "../context.ts";
import { misuse } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";

export async function printCapabilities(
  context: CliContext,
  { channel, json }: { readonly channel: string | undefined; readonly json: boolean },
): Promise<number> {
  const all = await context.channels.capabilities();
  const channels = channel === undefined ? all : all.filter(({ id }) => id === channel);
  if (channels.length === 0) {
    const known = all.map(({ id }) => id).join(", ");
    throw misuse(`There is no channel “${channel ?? ""}”.`, `The channels are: ${known}.`);
  }
  if (json) {
    await context.stdout.write(`${safeJson({ ok: true, channels })}\n`);
    return 0;
  }
  const rows = channels.map(({ id, label, longestText, abilities }) =>
    [id, label, longestText, abilities.join(", ")].map(safeLine),
  );
  await context.stdout.write(`${columns([["channel", "", "one message", "besides sending"], ...rows])}\n`);
  return 0;
}
