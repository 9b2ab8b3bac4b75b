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
      mode: Type.Union([Type.Literal("token"), Type.Literal("none")], {
        default: "token",
        restart: true,
        description: "token asks every client for the token; none asks nobody, and is allowed on loopback only.",
      }),
      token: Type.Optional(
        SecretText({
          description: "The token; one is made on the first run when this is not set.",
          alsoVariable: "OPENCLAW_GATEWAY_TOKEN", // the name that the original's clients and guides use
        }),
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
