/** Schema, file, flags and environment become one checked value. */
export type { Config, ConfigChange, ExplainedValue, Source } from "./config.ts";
export { type FoundDeviceKey, readOrMakeDeviceKey } from "./device-key.ts";
export { readEnvironment } from "./environment.ts";
export { expandTilde, type Home, locateHome } from "./home.ts";
export type { Tolerance } from "./load.ts";
export { type ConfigOptions, type ConfigPlace, locateConfig, openConfig } from "./open-config.ts";
export { toSnake } from "./path.ts";
export { prepareHome } from "./prepare-home.ts";
export { locateRuntime, prepareRuntime, type RuntimeFolder } from "./runtime-folder.ts";
export { SecretText } from "./secret-text.ts";
export { type FoundToken, readOrMakeToken, readToken } from "./token.ts";
