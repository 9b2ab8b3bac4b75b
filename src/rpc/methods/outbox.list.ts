import { type Static, Type } from "@sinclair/typebox";
import { Address } from "#protocol";
import type { Gateway } from "#gateway";
import { closed, defineMethod } from "../method.ts";

const Delivery = Type.Object({
  id: Type.String(),
  n: Type.Integer({ description: "Its place in the queue." }),
  sessionKey: Type.String(),
  runId: Type.Optional(Type.String()),
  to: Address,
  text: Type.String(),
  files: Type.Optional(Type.Array(Type.String(), { description: "The names of what goes with it." })),
  state: Type.Union([Type.Literal("waiting"), Type.Literal("sending"), Type.Literal("dead")]),
  createdAt: Type.Integer(),
  attempts: Type.Integer(),
  nextAt: Type.Optional(Type.Integer()),
  deadAt: Type.Optional(Type.Integer()),
  problem: Type.Optional(Type.String()),
  mayBeSent: Type.Boolean({ description: "A try was not heard of: the platform may have it." }),
});
type Delivery = Static<typeof Delivery>;

export const outboxList = defineMethod({
  name: "outbox.list",
  summary: "What is still to be delivered to channels, and what was given up, in the order of the queue.",
  scope: "operator.read",
  route: { verb: "GET", path: "/outbox" },
  params: Type.Object(
    {
      dead: Type.Optional(Type.Boolean({ description: "Only what was given up, or only what was not." })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
      after: Type.Optional(Type.Integer({ minimum: 0, description: "The `n` of the last one seen." })),
    },
    closed,
  ),
  result: Type.Object({ deliveries: Type.Array(Delivery) }),
  handle: async ({ dead, limit = 100, after }, { services }) => {
    const rows = await services.gateway.outbox({
      limit,
      ...(after !== undefined && { after }),
      ...(dead !== undefined && { isDead: dead }),
    });
    return { deliveries: rows.map((row) => deliveryOf(row)) };
  },
});

type Row = Awaited<ReturnType<Gateway["outbox"]>>[number];

function deliveryOf({ id, n, key, runId, to, text, createdAt, attempts, mayBeSent, ...row }: Row): Delivery {
  const { nextAt, deadAt, problem, claimedUntil, files } = row;
  return {
    id,
    n,
    sessionKey: key,
    ...(runId !== undefined && { runId }),
    to,
    text,
    ...(files && { files: files.map(({ name }) => name) }),
    state: deadAt === undefined ? (claimedUntil === undefined ? "waiting" : "sending") : "dead",
    createdAt,
    attempts,
    ...(deadAt === undefined ? { nextAt } : { deadAt }),
    ...(problem !== undefined && { problem }),
    mayBeSent,
  };
}
