import { SecretText } from "#config";
import { type Static, Type } from "@sinclair/typebox";

/** The `[gateway]` part of the configuration. */
export const gatewaySettings = Type.Object({
  port: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 18_789,
    restart: true,
    description: "TCP port; 0 takes any free one.",
  }),
  bind: Type.String({
    minLength: 1,
    default: "loopback",
    restart: true,
    description: "loopback, lan, tailnet, auto (tailnet when there is one, else loopback), or an address.",
  }),
  auth: Type.Object(
    {
      mode: Type.Union(
        [Type.Literal("token"), Type.Literal("password"), Type.Literal("trusted-proxy"), Type.Literal("none")],
        {
          default: "token",
          restart: true,
          description:
            "token asks every client for the token, password for the password; trusted-proxy believes a proxy that says who it is; none asks nobody, and is allowed on loopback only.",
        },
      ),
      token: Type.Optional(
        SecretText({
          description: "The token; one is made on the first run when this is not set.",
          alsoVariable: "OPENCLAW_GATEWAY_TOKEN", // the name that the original's clients and guides use
          restart: true,
        }),
      ),
      password: Type.Optional(
        SecretText({
          description: "The password, for the environment alone: in the file it would lie there readable.",
          alsoVariable: "OPENCLAW_GATEWAY_PASSWORD",
          restart: true,
        }),
      ),
      passwordHash: Type.Optional(
        SecretText({
          description: "What is kept of the password; `openclaw gateway password` writes it.",
          restart: true,
        }),
      ),
      trustedProxy: Type.Object(
        {
          userHeader: Type.Optional(
            Type.String({
              pattern: "^[A-Za-z0-9-]+$",
              restart: true,
              description: "The header in which the proxy says who is calling; the proxy must replace it, always.",
            }),
          ),
          allowUsers: Type.Array(Type.String({ minLength: 1 }), {
            default: [],
            restart: true,
            description: "Users who may come in; all that the proxy names where it is empty.",
          }),
          requiredHeaders: Type.Array(Type.String({ pattern: "^[A-Za-z0-9-]+$" }), {
            default: [],
            restart: true,
            description: "Headers without which nothing that comes from the proxy is believed.",
          }),
          allowLoopback: Type.Boolean({
            default: false,
            restart: true,
            description: "A proxy on this machine is believed too; then so is every program on it.",
          }),
        },
        { default: {}, description: "For gateway.auth.mode = trusted-proxy; the proxies are gateway.trusted_proxies." },
      ),
    },
    { default: {} },
  ),
  nodes: Type.Object(
    {
      pairing: Type.Object(
        {
          autoApproveLocal: Type.Boolean({
            default: true,
            description: "A device of this machine that shows the token or password is paired without asking anybody.",
          }),
        },
        { default: {} },
      ),
    },
    { default: {} },
  ),
  allowedHosts: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    restart: true,
    description: "Names clients may use in the Host header, beside loopback names and addresses and the bind address.",
  }),
  allowedOrigins: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    restart: true,
    description: "Web pages that may connect, beside the gateway's own: scheme, host and port.",
  }),
  trustedProxies: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    restart: true,
    description:
      "Addresses or networks (10.0.0.0/8) of reverse proxies whose X-Forwarded-For is believed; from anybody else it is refused.",
  }),
});
export type GatewaySettings = Static<typeof gatewaySettings>;
