import { type TSchema, Type } from "@sinclair/typebox";
import { expectShape } from "../client/wire.ts";
import type { CliContext } from "../context.ts";
import { safeJson, safeLine } from "../safe-text.ts";
import { columns } from "../table.ts";
import { duration } from "./duration.ts";

const person = {
  channel: Type.String(),
  account: Type.String(),
  senderId: Type.String(),
  name: Type.Optional(Type.String()),
} satisfies Record<string, TSchema>;

const Listing = Type.Object({
  pending: Type.Array(Type.Object({ ...person, code: Type.String(), createdAt: Type.Integer() })),
  allowed: Type.Array(Type.Object({ ...person, how: Type.String(), since: Type.Integer() })),
});

export async function printPairing(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { pending, allowed } = expectShape(Listing, answer, "list of people");
  if (json) {
    await context.stdout.write(`${safeJson(answer)}\n`);
    return 0;
  }
  const now = Date.now();
  const waiting = pending.map((one) => [
    ...placeOf(one),
    safeLine(one.code),
    `asked ${duration(now - one.createdAt)} ago`,
  ]);
  const known = allowed.map((one) => [...placeOf(one), "", `${safeLine(one.how)} ${duration(now - one.since)} ago`]);
  const rows = [...waiting, ...known];
  const table = columns([["channel", "account", "id", "name", "code", "since"], ...rows]);
  await context.stdout.write(rows.length === 0 ? "Nobody waits, and nobody was let in.\n" : `${table}\n`);
  return 0;
}

const Approved = Type.Object({ entry: Type.Object(person), isOwner: Type.Boolean(), isTold: Type.Boolean() });

export async function printApproved(context: CliContext, answer: unknown, json: boolean): Promise<number> {
  const { entry, isOwner, isTold } = expectShape(Approved, answer, "answer");
  const said = [
    "may write from now on",
    ...(isTold ? ["is told so"] : []),
    ...(isOwner ? ["is the owner: their commands may do what yours may"] : []),
  ].join(", and ");
  return printPerson(context, entry, { said, json, whole: answer });
}

const Person = Type.Object(person);

export async function printPerson(
  context: CliContext,
  answer: unknown,
  { said, json, whole = answer }: { readonly said: string; readonly json: boolean; readonly whole?: unknown },
): Promise<number> {
  const one = expectShape(Person, answer, "answer");
  const line = `${safeLine(one.senderId)} of ${safeLine(one.channel)} (${safeLine(one.account)}) ${said}.`;
  await context.stdout.write(json ? `${safeJson(whole)}\n` : `${line}\n`);
  return 0;
}

function placeOf({
  channel,
  account,
  senderId,
  name = "",
}: { [Key in "channel" | "account" | "senderId"]: string } & { name?: string }) {
  return [channel, account, senderId, name].map(safeLine);
}
