import type { Secret } from "#base";
import { dirname } from "node:path";
import type { Home } from "./home.ts";
import { prepareFolder, prepareHome } from "./prepare-home.ts";
import { readOrMakeSecret, readSecret, type SecretFile } from "./secret-file.ts";

const longestToken = 4_096;

export interface FoundToken {
  readonly token: Secret;
  /** Made by this call. */
  readonly isNew: boolean;
  /** About who could read it. */
  readonly warnings: readonly string[];
}

/** The installation's own token; 256 random bits when there was none. Two first runs at once agree on one. */
export function readOrMakeToken(home: Home): FoundToken {
  const prepared = [...prepareHome(home), ...prepareFolder(dirname(home.token))];
  const { secret, isNew, warnings } = readOrMakeSecret(tokenFile(home));
  return { token: secret, isNew, warnings: [...prepared, ...warnings] };
}

/** The token, when one was made. */
export function readToken(home: Home): Secret | undefined {
  return readSecret(tokenFile(home));
}

function tokenFile({ token }: Home): SecretFile {
  return {
    path: token,
    holds: "token",
    isValid: (text) => text !== "" && text.length <= longestToken && !/\s/.test(text),
  };
}
