import { Type } from "@sinclair/typebox";
import { probeRow } from "../account-rows.ts";
import { closed, defineMethod, type MethodContext } from "../method.ts";
import { ChannelStatus } from "../services.ts";

const usualPatienceMs = 10_000;
const mostPatienceMs = 30_000;

export const channelsStatus = defineMethod({
  name: "channels.status",
  summary: "The chat platforms, the accounts there, and how the line to each is.",
  scope: "operator.read",
  route: { verb: "GET", path: "/channels" },
  params: Type.Object(
    {
      channel: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "This one alone." })),
      probe: Type.Optional(Type.Boolean({ description: "Asks each platform who we are there." })),
      timeoutMs: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 3_600_000, description: "How long the platforms may take." }),
      ),
    },
    closed,
  ),
  result: Type.Object({ channels: Type.Array(ChannelStatus) }),
  handle: async ({ channel, probe = false, timeoutMs = usualPatienceMs }, context) => {
    const all = context.services.channels();
    const channels = channel === undefined ? all : all.filter(({ id }) => id === channel);
    if (!probe) return { channels: [...channels] };
    const patience = AbortSignal.timeout(Math.min(timeoutMs, mostPatienceMs));
    const signal = AbortSignal.any([context.signal, patience]);
    return { channels: await Promise.all(channels.map((one) => probed(one, context, signal))) };
  },
});

async function probed(status: ChannelStatus, { services }: MethodContext, signal: AbortSignal): Promise<ChannelStatus> {
  if (!status.accounts) return status;
  const accounts = await Promise.all(
    status.accounts.map(async (row) => {
      if (!row.running) return row;
      const probe = await services.accounts.probe({ channel: status.id, account: row.account }, signal);
      return { ...row, probe: probeRow(probe) };
    }),
  );
  return { ...status, accounts };
}
