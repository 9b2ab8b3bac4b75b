import type { Scope } from "#protocol";
import type { Surface } from "./devices.ts";
import { longestEntry, mostEntries } from "./surface-record.ts";

export const emptySurface: Surface = { caps: [], commands: [] };

/** Commands that look, or draw on the node's own screen: whoever may pair a node may let the agent use these. */
const harmless: ReadonlySet<string> = new Set([
  "camera.list",
  "canvas.a2ui.push",
  "canvas.a2ui.pushJSONL",
  "canvas.a2ui.reset",
  "canvas.hide",
  "canvas.present",
  "canvas.snapshot",
  "device.info",
  "device.status",
  "system.notify",
  "system.which",
]);

/** What of a surface is kept: printable names, each once, sorted, so that no two look alike to who approves them. */
export function boundedSurface({ caps, commands }: Surface): Surface {
  return { caps: bounded(caps), commands: bounded(commands) };
}

/** What is in both. */
export function common(a: Surface, b: Surface): Surface {
  return {
    caps: a.caps.filter((cap) => b.caps.includes(cap)),
    commands: a.commands.filter((command) => b.commands.includes(command)),
  };
}

export function isWithin(inner: Surface, outer: Surface): boolean {
  const { caps, commands } = common(inner, outer);
  return caps.length === inner.caps.length && commands.length === inner.commands.length;
}

export function isSameSurface(a: Surface, b: Surface): boolean {
  return isWithin(a, b) && isWithin(b, a);
}

/** What it takes to approve a surface: a command that nobody knows to be harmless may run code. */
export function scopesToApprove({ commands }: Surface): readonly Scope[] {
  const isHarmless = commands.every((command) => harmless.has(command));
  return isHarmless ? ["operator.pairing"] : ["operator.pairing", "operator.admin"];
}

function bounded(entries: readonly string[]): string[] {
  const fit = entries.filter((entry) => entry.length <= longestEntry && /^[\x21-\x7e]+$/.test(entry));
  return [...new Set(fit)].toSorted().slice(0, mostEntries);
}
