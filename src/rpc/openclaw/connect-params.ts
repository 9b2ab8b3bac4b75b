import { type Static, Type } from "@sinclair/typebox";

/** Open where clients of later versions may say more of themselves; what is read is bounded. */
const open = { additionalProperties: true } as const;
const text = Type.String({ minLength: 1, maxLength: 512 });
const secret = Type.Optional(Type.String({ maxLength: 4_096 }));

const ClientId = Type.Union(
  [
    Type.Literal("webchat-ui"),
    Type.Literal("openclaw-control-ui"),
    Type.Literal("openclaw-browser-copilot"),
    Type.Literal("openclaw-tui"),
    Type.Literal("webchat"),
    Type.Literal("cli"),
    Type.Literal("gateway-client"),
    Type.Literal("openclaw-macos"),
    Type.Literal("openclaw-linux"),
    Type.Literal("openclaw-ios"),
    Type.Literal("openclaw-watchos"),
    Type.Literal("openclaw-android"),
    Type.Literal("node-host"),
    Type.Literal("openclaw-worker"),
    Type.Literal("test"),
    Type.Literal("fingerprint"),
    Type.Literal("openclaw-probe"),
  ],
  { description: "The names that clients of this protocol have." },
);

const ClientMode = Type.Union([
  Type.Literal("webchat"),
  Type.Literal("cli"),
  Type.Literal("ui"),
  Type.Literal("backend"),
  Type.Literal("node"),
  Type.Literal("worker"),
  Type.Literal("probe"),
  Type.Literal("test"),
]);

/** A key of the client's own, and what it signed with it. */
export const Device = Type.Object(
  { id: text, publicKey: text, signature: text, signedAt: Type.Integer(), nonce: text },
  open,
);
export type Device = Static<typeof Device>;

export const ConnectParams = Type.Object(
  {
    minProtocol: Type.Integer({ minimum: 1 }),
    maxProtocol: Type.Integer({ minimum: 1 }),
    client: Type.Object(
      {
        id: ClientId,
        mode: ClientMode,
        version: text,
        platform: text,
        displayName: Type.Optional(Type.String({ maxLength: 512 })),
        deviceFamily: Type.Optional(Type.String({ maxLength: 512 })),
      },
      open,
    ),
    caps: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 256 })),
    commands: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 256 })),
    role: Type.Optional(Type.String({ maxLength: 64 })),
    scopes: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 64 })),
    device: Type.Optional(Device),
    auth: Type.Optional(
      Type.Object({ token: secret, password: secret, deviceToken: secret, bootstrapToken: secret }, open),
    ),
  },
  open,
);
export type ConnectParams = Static<typeof ConnectParams>;
