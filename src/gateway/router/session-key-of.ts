import type { Place } from "#channels";
import { fault, type Address } from "#protocol";
import { formatSessionKey, parseSessionKey } from "#sessions";
import type { DmSessions } from "../settings.ts";
import { defaultAccount } from "../line.ts";

/** The conversation that a message belongs to. Groups have one each, and so have their threads; direct chats share one as the settings say. */
export function sessionKeyOf(
  { from, place, senderId }: { readonly from: Address; readonly place: Place; readonly senderId: string },
  agentId: string,
  sessions: DmSessions,
): string {
  const { channel, account = defaultAccount, chat } = from;
  if (place.kind !== "direct") return read(groupKey(from, place, agentId));
  const direct = { agentId, channel, kind: "direct", peer: senderId } as const;
  switch (sessions.dmScope) {
    case "main":
      return read(parseSessionKey(`agent:${agentId}:main`, { agentId }));
    case "per-peer": {
      const peer = linkedName(channel, senderId, sessions) ?? senderId;
      return read(parseSessionKey(`agent:${agentId}:direct:${peer}`, { agentId }));
    }
    case "per-channel-peer":
      return read(formatSessionKey({ ...direct, peer: linkedName(channel, senderId, sessions) ?? senderId }));
    case "per-account-channel-peer":
      return read(
        formatSessionKey({ ...direct, account, peer: linkedName(channel, senderId, sessions) ?? (senderId || chat) }),
      );
  }
}

function groupKey({ channel, account = defaultAccount, chat, thread }: Address, { kind }: Place, agentId: string) {
  return formatSessionKey({
    agentId,
    channel,
    peer: chat,
    kind: kind === "direct" ? "group" : kind,
    ...(account !== defaultAccount && { account }),
    ...(thread !== undefined && {
      thread: { kind: channel === "telegram" ? ("topic" as const) : ("thread" as const), id: thread },
    }),
  });
}

function linkedName(channel: string, senderId: string, { identityLinks }: DmSessions): string | undefined {
  return Object.entries(identityLinks).find(([_name, ids]) => ids.includes(`${channel}:${senderId}`))?.[0];
}

function read(parsed: ReturnType<typeof parseSessionKey>): string {
  if (parsed.ok) return parsed.key;
  throw fault.invalidParams({ path: "sessionKey", problem: parsed.because });
}
