import { Type } from "@sinclair/typebox";
import { asCalled } from "../called-as.ts";
import { openClient } from "../client/open-client.ts";
import type { TargetOptions } from "../client/target.ts";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { CommandFailed } from "../failure.ts";
import { safeJson, safeLine } from "../safe-text.ts";

interface Finding {
  readonly where: string;
  readonly problem: string;
  /** Absent where the problem says it. */
  readonly advice?: string;
}

const patience = { timeoutMs: 15_000, platformsMs: 10_000 };

const Status = Type.Object({
  channels: Type.Array(
    Type.Object({
      id: Type.String(),
      accounts: Type.Optional(
        Type.Array(
          Type.Object({
            account: Type.String(),
            enabled: Type.Boolean(),
            running: Type.Boolean(),
            state: Type.String(),
            lastError: Type.Optional(Type.String()),
            warning: Type.Optional(Type.String()),
            probe: Type.Optional(Type.Object({ ok: Type.Boolean(), problem: Type.Optional(Type.String()) })),
          }),
        ),
      ),
    }),
  ),
});

type Channel = (typeof Status)["static"]["channels"][number];
type Account = NonNullable<Channel["accounts"]>[number];

/** What the settings say, then what the gateway that runs hears from the platforms. 1 when something does not work. */
export async function examineChannels(
  context: CliContext,
  options: TargetOptions & { readonly json: boolean },
): Promise<number> {
  const found = [...(await inSettings(context, options.config)), ...(await atPlatforms(context, options))];
  if (options.json) {
    await context.stdout.write(`${safeJson({ ok: found.length === 0, findings: found })}\n`);
  } else if (found.length === 0) {
    await context.stdout.write("Every account that is set works.\n");
  } else {
    const lines = found.flatMap(({ where, problem, advice }) => [
      safeLine(`${where}: ${problem}`),
      ...(advice === undefined ? [] : [`  → ${safeLine(advice)}`]),
    ]);
    await context.stdout.write(`${asCalled(context, lines.join("\n"))}\n`);
  }
  return found.length === 0 ? 0 : 1;
}

async function inSettings(context: CliContext, file: string | undefined): Promise<readonly Finding[]> {
  const { problems, warnings } = await context.checkConfig(file);
  return [...problems, ...warnings]
    .flatMap((text) => text.split("\n"))
    .filter((text) => /^(channels|bindings|commands)\b/.test(text))
    .map((problem) => ({ where: "settings", problem }));
}

async function atPlatforms(context: CliContext, options: TargetOptions): Promise<readonly Finding[]> {
  try {
    using client = await openClient(context, options);
    const params = { probe: true, timeoutMs: patience.platformsMs };
    const how = { timeoutMs: patience.timeoutMs, signal: context.signal };
    const { channels } = expectShape(Status, await client.call("channels.status", params, how), "status");
    return channels.flatMap(({ id, accounts = [] }) => accounts.flatMap((one) => findingsOf(id, one)));
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof CommandFailed)) throw error;
    const advice = error.advice ?? "Accounts are open while `openclaw gateway run` runs.";
    return [{ where: "gateway", problem: error.message, advice }];
  }
}

function findingsOf(channel: string, one: Account): readonly Finding[] {
  const where = `${channel} ${one.account}`;
  if (!one.enabled) return [];
  const problem = problemOf(one);
  const broken = problem === undefined ? [] : [{ where, problem, ...adviceOn(problem, channel, one.account) }];
  return [...broken, ...(one.warning === undefined ? [] : [{ where, problem: one.warning }])];
}

/** A channel that cannot be asked who it is works all the same. */
function problemOf({ running, state, lastError, probe }: Account): string | undefined {
  if (!running) return lastError ?? "It was stopped.";
  if (state !== "online") return lastError ?? probe?.problem ?? "It is not connected.";
  return probe?.ok === false && probe.problem !== cannotBeAsked ? probe.problem : undefined;
}

const cannotBeAsked = "This channel cannot be asked.";

/** By the words in which the channels tell their problems; some of those say themselves what to do. */
const advices: readonly (readonly [RegExp, string])[] = [
  [
    /(accept|know) (this|the) token|token (was not accepted|was revoked|has expired|is of the wrong kind)|is none of/,
    "Take the token that the platform shows now: `openclaw channels login <channel> --account <account>`.",
  ],
  [/lacks a scope/, "Give the app the scope on its page at the platform, and install it again."],
  [
    /cannot be reached|no usable answer|not open in time|no answer in time|does not answer/,
    "Look at this machine's network and name service, at a firewall or proxy on the way, and at the address in the settings.",
  ],
  [/is not set|is needed/, "`openclaw channels login <channel> --account <account>` sets what is missing."],
  [
    /gateway .*uses this token/,
    "Stop that gateway, or give this account a token of its own: `openclaw channels login <channel> --account <account>`.",
  ],
  [/was stopped/, "`openclaw channels start <channel>` opens it."],
];

function adviceOn(problem: string, channel: string, account: string): { readonly advice?: string } {
  const found = advices.find(([words]) => words.test(problem))?.[1];
  return found === undefined ? {} : { advice: found.replace("<channel>", channel).replace("<account>", account) };
}
