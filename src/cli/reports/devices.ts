import { Type } from "@sinclair/typebox";
import type { Client } from "../client/client.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";
import { duration } from "./duration.ts";

const Listing = Type.Object({
  pending: Type.Array(
    Type.Object({
      requestId: Type.String(),
      deviceId: Type.String(),
      displayName: Type.Optional(Type.String()),
      clientId: Type.String(),
      platform: Type.String(),
      role: Type.String(),
      scopes: Type.Array(Type.String()),
      ts: Type.Number(),
    }),
  ),
  paired: Type.Array(
    Type.Object({
      deviceId: Type.String(),
      displayName: Type.Optional(Type.String()),
      clientId: Type.String(),
      platform: Type.String(),
      roles: Type.Array(Type.String()),
      scopes: Type.Array(Type.String()),
      connected: Type.Boolean(),
      lastSeenAtMs: Type.Optional(Type.Number()),
    }),
  ),
});

const SetupCode = Type.Object({ setupCode: Type.String(), expiresAtMs: Type.Number() });

const shownIdLength = 12;

export async function printDevices(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { pending, paired } = expectShape(Listing, answer, "list of devices");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  const tables: string[] = [];
  if (pending.length > 0) {
    const rows = pending.map(({ requestId, displayName, clientId, platform, role, scopes, ts }) => [
      safeLine(requestId),
      safeLine(displayName ?? clientId),
      safeLine(platform),
      safeLine(rights([role], scopes)),
      `${duration(Date.now() - ts)} ago`,
    ]);
    tables.push(columns([["waits for a yes", "name", "platform", "wants", "asked"], ...rows]));
  }
  if (paired.length > 0) {
    const rows = paired.map(({ deviceId, displayName, clientId, platform, roles, scopes, connected, lastSeenAtMs }) => [
      safeLine(deviceId).slice(0, shownIdLength),
      safeLine(displayName ?? clientId),
      safeLine(platform),
      safeLine(rights(roles, scopes)),
      connected ? "connected" : seen(lastSeenAtMs),
    ]);
    tables.push(columns([["device", "name", "platform", "may", "seen"], ...rows]));
  }
  await context.stdout.write(tables.length === 0 ? "There are no devices yet.\n" : `${tables.join("\n\n")}\n`);
  return 0;
}

function rights(roles: readonly string[], scopes: readonly string[]): string {
  const names = scopes.map((scope) => scope.replace(/^operator\./, ""));
  return [...roles.filter((role) => role !== "operator"), ...names].join(", ") || "nothing";
}

function seen(lastSeenAtMs: number | undefined): string {
  return lastSeenAtMs === undefined ? "" : `${duration(Date.now() - lastSeenAtMs)} ago`;
}

/** The device that somebody means by its id, the beginning of it, or its name. */
export async function findDevice(client: Client, meant: string, signal: AbortSignal): Promise<string> {
  const answer = await client.call("device.pair.list", {}, { signal });
  const { paired } = expectShape(Listing, answer, "list of devices");
  const exact = paired.filter(({ deviceId, displayName }) => deviceId === meant || displayName === meant);
  const found = exact.length > 0 ? exact : paired.filter(({ deviceId }) => meant !== "" && deviceId.startsWith(meant));
  const [device, another] = found;
  if (device && !another) return device.deviceId;
  const message = device ? `“${meant}” may be more than one device.` : `There is no paired device “${meant}”.`;
  throw new CommandFailed({
    type: "deviceNotFound",
    message,
    advice: "`openclaw devices list` shows those there are.",
  });
}

export async function printDone(
  context: CliContext,
  answer: unknown,
  { said, json }: { readonly said: string; readonly json: boolean },
): Promise<number> {
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${said}\n`);
  return 0;
}

/** The code goes to stdout alone, so that it can be piped on. */
export async function printSetupCode(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { setupCode, expiresAtMs } = expectShape(SetupCode, answer, "setup code");
  await context.stdout.write(json ? `${safeJson(answer)}\n` : `${safeLine(setupCode)}\n`);
  if (!json) {
    const left = duration(expiresAtMs - Date.now());
    await context.stderr.write(`It pairs one device, once, within ${left}; it is not shown again.\n`);
  }
  return 0;
}
