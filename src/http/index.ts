/** The socket to the outside: health, REST, OpenAPI, JSON-RPC over HTTP and WebSocket. */
export { type Bind, checkExposure, type Exposure, type Interfaces, resolveBind } from "./bind.ts";
export { checkListening, type Listening } from "./check-listening.ts";
export { openServer, type Server, type ServerOptions } from "./server.ts";
export { type GatewaySettings, gatewaySettings } from "./settings.ts";
