import { checkPassword, isPasswordHash } from "#base";
import { type Config, type Home, readOrMakeToken } from "#config";
import { type AuthSettings, checkToken, HashedPassword, plainPassword } from "#rpc";
import { fault } from "#protocol";
import type { Settings } from "./settings.ts";

/** What clients have to bring. */
export interface DoorKey {
  readonly auth: AuthSettings;
  /** Where the token is, when the settings do not bring their own. */
  readonly file?: string | undefined;
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

export function doorKey(config: Config<Settings>, home: Home): DoorKey {
  const { mode, token, password, passwordHash } = config.settings.gateway.auth;
  switch (mode) {
    case "none":
      return { auth: { mode }, isNew: false, warnings: [] };
    case "password": {
      if (password) return { auth: { mode, password: plainPassword(password) }, isNew: false, warnings: [] };
      // Settings without any password were refused before.
      if (!passwordHash) throw new Error("there is no password to ask for");
      return { auth: { mode, password: new HashedPassword(passwordHash) }, isNew: false, warnings: [] };
    }
    case "token":
    case "trusted-proxy":
      if (token) return { auth: { mode, token: () => token }, isNew: false, warnings: [] };
      return ownToken(mode, home);
  }
}

/** The token that is made on the first run. */
function ownToken(mode: "token" | "trusted-proxy", home: Home): DoorKey {
  const { token, isNew, warnings } = readOrMakeToken(home);
  const checked = checkToken(token.reveal());
  if (!checked.ok) {
    throw fault.configInvalid({ problem: `The token in ${home.token} cannot guard the gateway: ${checked.because}` });
  }
  const weak = checked.warning === undefined ? [] : [checked.warning];
  return { auth: { mode, token: () => token }, file: home.token, isNew, warnings: [...warnings, ...weak] };
}

export interface SecretCheck {
  readonly problem?: string;
  readonly warning?: string | undefined;
}

/** Can what the settings say guard the gateway? Looks at nothing else. */
export function checkDoorKey(config: Pick<Config<Settings>, "settings" | "explain">): SecretCheck {
  const { mode, token, password, passwordHash } = config.settings.gateway.auth;
  if (password && config.explain("gateway.auth.password")[0]?.source !== "environment") {
    return {
      problem: `gateway.auth.password must not be kept as it is: take it out, and run \`openclaw gateway password\`, which keeps its hash (or set OPENCLAW_GATEWAY_PASSWORD for this run).`,
    };
  }
  switch (mode) {
    case "none":
      return {};
    case "password": {
      if (password) return described("The password in OPENCLAW_GATEWAY_PASSWORD", checkPassword(password.reveal()));
      if (!passwordHash) {
        const remedy = "run `openclaw gateway password`, or set OPENCLAW_GATEWAY_PASSWORD";
        return { problem: `gateway.auth.mode is “password”, but there is none: ${remedy}.` };
      }
      if (isPasswordHash(passwordHash.reveal())) return {};
      return { problem: "gateway.auth.password_hash is no argon2id hash; `openclaw gateway password` writes one." };
    }
    case "token":
    case "trusted-proxy":
      return token ? described("gateway.auth.token", checkToken(token.reveal())) : {};
  }
}

type Strength = { readonly ok: true; readonly warning?: string } | { readonly ok: false; readonly because: string };

function described(what: string, strength: Strength): SecretCheck {
  if (strength.ok) return { warning: strength.warning };
  return { problem: `${what} cannot guard the gateway: ${strength.because}` };
}
