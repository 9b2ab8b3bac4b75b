import { type Static, Type } from "@sinclair/typebox";

export const ChannelId = Type.String({ minLength: 1, maxLength: 64, description: "A channel, like `telegram`." });
export const AccountName = Type.String({
  minLength: 1,
  maxLength: 64,
  description: "One of its accounts; all of them when left out.",
});
export const PairingCode = Type.String({
  minLength: 1,
  maxLength: 32,
  description: "The code that the stranger was told.",
});

/** Somebody unknown who waits, as who may approve sees it. */
export const ChannelPairingRow = Type.Object({
  channel: Type.String(),
  account: Type.String(),
  senderId: Type.String(),
  name: Type.Optional(Type.String({ description: "What they call themselves; anybody may use any name." })),
  code: Type.String(),
  createdAt: Type.Integer(),
});
export type ChannelPairingRow = Static<typeof ChannelPairingRow>;

export const AllowedRow = Type.Object({
  channel: Type.String(),
  account: Type.String(),
  senderId: Type.String(),
  name: Type.Optional(Type.String()),
  how: Type.Union([Type.Literal("paired"), Type.Literal("listed")]),
  since: Type.Integer(),
});
export type AllowedRow = Static<typeof AllowedRow>;

/** What is present of where to look. */
export function whereOf({ channel, account }: { readonly channel?: string; readonly account?: string }) {
  return { ...(channel !== undefined && { channel }), ...(account !== undefined && { account }) };
}
