/** Schema, file, flags and environment become one checked value. */
export type { Config, ConfigChange, ExplainedValue, Source } from "./config.ts";
export { type Home, locateHome } from "./home.ts";
export { SecretText } from "./secret-text.ts";
