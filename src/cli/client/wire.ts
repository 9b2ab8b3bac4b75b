import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Errors } from "@sinclair/typebox/errors";
import { Check } from "@sinclair/typebox/value";
import { CommandFailed } from "../failure.ts";

/** What comes in over the socket, in JSON-RPC 2.0. Fields that nobody here reads may be there too. */
const RpcError = Type.Object({ code: Type.Integer(), message: Type.String() });

export const Answer = Type.Object({
  id: Type.Integer(),
  result: Type.Optional(Type.Unknown()),
  error: Type.Optional(RpcError),
});
export type Answer = Static<typeof Answer>;

/** A notification about a run, as far as all of them agree. */
export const RunNotice = Type.Object({
  method: Type.String(),
  params: Type.Object({ sessionKey: Type.String(), runId: Type.String() }),
});
export type RunNotice = Static<typeof RunNotice>;

export const ContentBlock = Type.Object({ type: Type.String(), text: Type.Optional(Type.String()) });

export const ChatNotice = Type.Object({
  sessionKey: Type.String(),
  runId: Type.String(),
  state: Type.String(),
  deltaText: Type.Optional(Type.String()),
  message: Type.Optional(Type.Object({ content: Type.Array(ContentBlock) })),
  errorMessage: Type.Optional(Type.String()),
});

export const ToolStartNotice = Type.Object({ callId: Type.String(), tool: Type.String(), params: Type.Unknown() });

export const ToolResultNotice = Type.Object({
  callId: Type.String(),
  tool: Type.String(),
  success: Type.Boolean(),
  durationMs: Type.Number(),
});

/** The value as what it should be; a gateway that answers otherwise speaks another version of the protocol. */
export function expectShape<Schema extends TSchema>(schema: Schema, value: unknown, what: string): Static<Schema> {
  if (Check(schema, value)) return value;
  const problem = Errors(schema, value).First();
  throw new CommandFailed({
    type: "protocolMismatch",
    message: `The gateway's ${what} is not what this version expects (${problem?.path || "/"}: ${problem?.message ?? "?"}).`,
    advice: "Use the same version of openclaw on both sides; `openclaw version` and `openclaw status` show them.",
  });
}

/** The text of a message's content, without what is not text. */
export function textOf(content: readonly Static<typeof ContentBlock>[]): string {
  return content.map((block) => (block.type === "text" ? (block.text ?? "") : "")).join("");
}
