import { Type } from "@sinclair/typebox";
import { pairingLimits } from "#gateway";
import { fault } from "#protocol";
import type { AnyMethod, MethodContext } from "../../method.ts";
import { pairingApprove } from "../../methods/pairing.approve.ts";
import { pairingList } from "../../methods/pairing.list.ts";
import { pairingReject } from "../../methods/pairing.reject.ts";
import { type ChannelPairingRow, whereOf } from "../../pairing-rows.ts";
import { open, own } from "./adapter.ts";

const text = Type.String({ minLength: 1, maxLength: 256 });
const request = { channel: text, accountId: text, requestId: text };

/** People of the channels who wait to be let in. */
export const pairing: readonly AnyMethod[] = [
  own({
    name: "channels.pairing.list",
    scope: pairingList.scope,
    effect: "none",
    params: Type.Object({ channel: Type.Optional(text), accountId: Type.Optional(text) }, open),
    handle: async ({ channel, accountId }, context) => {
      const wanted = whereOf({
        ...(channel !== undefined && { channel }),
        ...(accountId !== undefined && { account: accountId }),
      });
      const { pending } = await pairingList.handle(wanted, context);
      const labelOf = labels(context);
      return {
        accounts: accountsOf(context).filter(
          (one) =>
            (channel === undefined || one.channel === channel) &&
            (accountId === undefined || one.accountId === accountId),
        ),
        requests: pending.map((row) => ({ ...shown(row), channelLabel: labelOf(row.channel) })),
        commandOwnerConfigured: hasOwner(context),
        limits: { pendingPerAccount: pairingLimits.pendingPerAccount, ttlMs: pairingLimits.lifeMs },
      };
    },
  }),
  own({
    name: "channels.pairing.approve",
    scope: pairingApprove.scope,
    effect: "once",
    params: Type.Object(
      { ...request, notify: Type.Optional(Type.Boolean()), bootstrapCommandOwner: Type.Optional(Type.Boolean()) },
      open,
    ),
    handle: async ({ notify = false, bootstrapCommandOwner: wantsOwner = false, ...which }, context) => {
      const { channel, account, code } = await find(which, context);
      const hadOwner = hasOwner(context);
      const approval = { channel, account, code, notify, ownsIfFirst: wantsOwner };
      const { entry, isOwner, isTold } = await pairingApprove.handle(approval, context);
      return {
        requestId: which.requestId,
        senderId: entry.senderId,
        notification: notify ? (isTold ? "sent" : "failed") : "not-requested",
        commandOwnerBootstrap: wantsOwner ? ownership(isOwner, hadOwner) : "not-requested",
      };
    },
  }),
  own({
    name: "channels.pairing.dismiss",
    scope: pairingReject.scope,
    effect: "once",
    params: Type.Object(request, open),
    handle: async (which, context) => {
      const { channel, account, code } = await find(which, context);
      const { senderId } = await pairingReject.handle({ channel, account, code }, context);
      return { requestId: which.requestId, senderId };
    },
  }),
];

/** By its id, so that who comes too late for a request has not guessed a code. */
async function find(
  which: { readonly channel: string; readonly accountId: string; readonly requestId: string },
  context: MethodContext,
): Promise<ChannelPairingRow> {
  const { pending } = await pairingList.handle({ channel: which.channel, account: which.accountId }, context);
  const found = pending.find((row) => idOf(row) === which.requestId);
  if (found) return found;
  throw fault.pairingNotFound({ request: which.requestId });
}

function idOf({ channel, account, senderId, code, createdAt }: ChannelPairingRow): string {
  return Bun.SHA256.hash(JSON.stringify([channel, account, senderId, code, createdAt]), "hex").slice(0, 32);
}

function shown(row: ChannelPairingRow) {
  const { channel, account, senderId, name, createdAt } = row;
  const asked = new Date(createdAt).toISOString();
  return {
    requestId: idOf(row),
    channel,
    accountId: account,
    senderId,
    senderLabel: name === undefined || name === "" ? senderId : name,
    createdAt: asked,
    lastSeenAt: asked,
    expiresAt: new Date(createdAt + pairingLimits.lifeMs).toISOString(),
    notifySupported: true,
  };
}

function accountsOf({ services }: MethodContext) {
  return services.channels().flatMap(({ id, label, accounts = [] }) =>
    accounts.map(({ account }) => ({
      channel: id,
      channelLabel: label,
      accountId: account,
      notifySupported: true,
    })),
  );
}

function labels({ services }: MethodContext): (channel: string) => string {
  const known = new Map(services.channels().map(({ id, label }) => [id, label]));
  return (channel) => known.get(channel) ?? channel;
}

function hasOwner({ services: { config } }: MethodContext): boolean {
  const owners = config.get("commands.ownerAllowFrom");
  return Array.isArray(owners) && owners.length > 0;
}

function ownership(isOwner: boolean, hadOwner: boolean): "already-configured" | "configured" | "unavailable" {
  if (isOwner) return "configured";
  return hadOwner ? "already-configured" : "unavailable";
}
