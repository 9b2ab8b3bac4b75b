import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";

export const logsTail = defineMethod({
  name: "logs.tail",
  summary: "The newest lines of the gateway's log, or those behind a cursor.",
  scope: "operator.read",
  route: { verb: "GET", path: "/logs" },
  params: Type.Object(
    {
      cursor: Type.Optional(Type.Integer({ minimum: 0, description: "Of an earlier answer; reads on from there." })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 500 })),
      maxBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 250_000 })),
    },
    closed,
  ),
  result: Type.Object({
    cursor: Type.Integer(),
    size: Type.Integer({ description: "Of the file, in bytes." }),
    lines: Type.Array(Type.String()),
    truncated: Type.Boolean({ description: "Older lines were left out." }),
    reset: Type.Boolean({ description: "The cursor was of a file that has been replaced." }),
  }),
  handle: async ({ cursor, limit = 500, maxBytes = 250_000 }, { services }) => {
    const tail = await services.tailLog({ limit, maxBytes, ...(cursor !== undefined && { cursor }) });
    const { lines, size, isTruncated, isReset } = tail;
    return { cursor: tail.cursor, size, lines: [...lines], truncated: isTruncated, reset: isReset };
  },
});
