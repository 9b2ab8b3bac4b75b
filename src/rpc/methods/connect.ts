import { Type } from "@sinclair/typebox";
import { allScopes, Scope } from "#protocol";
import { defineMethod } from "../method.ts";

/** Open where the others are closed: clients of other versions tell of themselves what we do not ask. */
const open = { additionalProperties: true } as const;
const shortText = Type.String({ maxLength: 512 });

export const connect = defineMethod({
  name: "connect",
  summary: "Trades a token or a password for scopes on this connection.",
  scope: "public",
  params: Type.Object(
    {
      token: Type.Optional(shortText),
      auth: Type.Optional(Type.Object({ token: Type.Optional(shortText), password: Type.Optional(shortText) }, open)),
      scopes: Type.Optional(
        Type.Array(Scope, {
          maxItems: allScopes.length,
          description: "Asks for these alone. Without it, all that the token grants.",
        }),
      ),
      client: Type.Optional(Type.Object({ id: Type.Optional(shortText), version: Type.Optional(shortText) }, open)),
    },
    open,
  ),
  result: Type.Object({
    connectionId: Type.String(),
    scopes: Type.Array(Scope),
    server: Type.Object({ version: Type.String() }),
    methods: Type.Array(Type.String()),
    events: Type.Array(Type.String()),
  }),
  handle: async ({ auth, scopes, client, ...params }, context) => {
    const token = params.token ?? auth?.token;
    const name = [client?.id, client?.version].filter((part) => part !== undefined).join(" ");
    const caller = await context.authenticate(
      { ...(token !== undefined && { token }), ...(auth?.password !== undefined && { password: auth.password }) },
      { ...(scopes && { scopes }), ...(name !== "" && { client: name }) },
    );
    return {
      connectionId: caller.id,
      scopes: [...caller.scopes],
      server: { version: context.services.version },
      methods: [...context.catalog.methods],
      events: [...context.catalog.events],
    };
  },
});
