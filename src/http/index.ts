/** The socket to the outside: health, REST, OpenAPI, JSON-RPC over HTTP and WebSocket. */
export { gatewaySettings } from "./settings.ts";
