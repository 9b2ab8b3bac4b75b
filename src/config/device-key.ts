import type { Secret } from "#base";
import { dirname } from "node:path";
import type { Home } from "./home.ts";
import { prepareFolder } from "./prepare-home.ts";
import { readOrMakeSecret } from "./secret-file.ts";

export interface FoundDeviceKey {
  /** 32 random bytes in hexadecimal. */
  readonly key: Secret;
  /** About who could read it. */
  readonly warnings: readonly string[];
}

/** The key that device tokens are made with; a new one when there was none, and then every device gets a new token. */
export function readOrMakeDeviceKey({ deviceKey: path }: Home): FoundDeviceKey {
  const prepared = prepareFolder(dirname(path));
  const { secret, warnings } = readOrMakeSecret({ path, holds: "device key", isValid: isKey });
  return { key: secret, warnings: [...prepared, ...warnings] };
}

function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
