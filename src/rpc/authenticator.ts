import type { Clock, Log, Secret } from "#base";
import { allScopes, type Fault, fault, type Scope } from "#protocol";
import { addressGroup } from "./address.ts";
import { Lockout } from "./lockout.ts";
import type { Password } from "./password.ts";
import { checkToken } from "./token.ts";
import { Turns } from "./turns.ts";

/** One attempt, whichever of the two is the right one: some clients put what was typed into both. */
export interface Credential {
  readonly token?: string;
  readonly password?: string;
  /** Somebody whom a trusted proxy has authenticated. Nobody but the door that knows the proxy may say this. */
  readonly user?: string;
  /** Fewer scopes than could be had, for those who are asked for no secret. */
  readonly scopes?: readonly Scope[];
}

/** Where an attempt comes from. */
export interface Whereabouts {
  readonly address: string;
  /** The socket's other end is this machine, and speaks for nobody else. */
  readonly isLocal?: true;
}

export type AuthSettings =
  | { readonly mode: "token"; readonly token: () => Secret }
  | { readonly mode: "password"; readonly password: Password }
  /** Whom the proxy names comes in; who calls from this machine, past the proxy, shows the token. */
  | { readonly mode: "trusted-proxy"; readonly token: () => Secret }
  /** Asks nobody. For loopback alone, which whoever binds the port has to see to. */
  | { readonly mode: "none" };
export type AuthMode = AuthSettings["mode"];

/** What a credential has opened. */
export interface Match {
  readonly by: AuthMode;
  readonly scopes: ReadonlySet<Scope>;
}

export const noScopes: ReadonlySet<Scope> = new Set();
const everyScope: ReadonlySet<Scope> = new Set(allScopes);

/** Of one address, attempts that wait for the one before them. */
const mostWaiting = 256;

/** Turns a credential into scopes. */
export class Authenticator {
  readonly #auth: AuthSettings;
  readonly #lockout: Lockout;
  readonly #turns = new Turns(mostWaiting);
  readonly #log: Log;

  constructor(options: { readonly auth: AuthSettings; readonly clock: Clock; readonly log: Log }) {
    this.#auth = options.auth;
    this.#lockout = new Lockout(options.clock);
    this.#log = options.log;
  }

  get mode(): AuthMode {
    return this.#auth.mode;
  }

  /**
   * The scopes the credential grants; undefined when there is none, which is no attempt and counts as none. Throws
   * `unauthorized`, or `lockedOut` without having compared anything.
   */
  async check(credential: Credential, from: Whereabouts): Promise<Match | undefined> {
    const free = this.#withoutSecret(credential);
    if (free || !bringsSecret(credential)) return free;
    const match = await this.attempt(from, async () => {
      const found = await this.compare(credential, from);
      return { result: found, wasWrong: found === undefined };
    });
    if (match) return match;
    throw fault.unauthorized({ problem: `The ${this.mode === "password" ? "password" : "token"} is wrong` });
  }

  /**
   * Whatever compares secrets does it in here: of one address one attempt at a time, so that guesses that come at once are
   * counted like guesses that come one by one, and all of them on one account. Throws `lockedOut` without calling `act`.
   */
  attempt<Result>(
    { address }: Whereabouts,
    act: () => Promise<{ readonly result: Result; readonly wasWrong: boolean }>,
  ): Promise<Result> {
    const group = addressGroup(address);
    return this.#turns.take(group, async () => {
      const lockedMs = this.#lockout.remainingMs(group);
      if (lockedMs > 0) throw lockedOut(lockedMs);
      const { result, wasWrong } = await act();
      if (wasWrong && this.#lockout.wrong(group)) {
        this.#log.warn("an address is locked out after wrong credentials", { address: group });
      }
      return result;
    });
  }

  /** Is it the shared secret? Counts nothing: for use within an `attempt`. */
  async compare({ token = "", password = "" }: Credential, { isLocal }: Whereabouts): Promise<Match | undefined> {
    const auth = this.#auth;
    switch (auth.mode) {
      case "none":
        return matched("none");
      case "password":
        return (await isPassword(auth.password, [token, password])) ? matched("password") : undefined;
      case "trusted-proxy":
        return isLocal && isToken(auth.token(), [token, password]) ? matched("token") : undefined;
      case "token":
        return isToken(auth.token(), [token, password]) ? matched("token") : undefined;
    }
  }

  /** Who is asked for no secret may be content with less. */
  #withoutSecret({ user, scopes }: Credential): Match | undefined {
    const { mode } = this.#auth;
    const isFree = mode === "none" || (mode === "trusted-proxy" && user !== undefined);
    if (!isFree) return undefined;
    return { by: mode, scopes: scopes ? everyScope.intersection(new Set(scopes)) : everyScope };
  }
}

export function bringsSecret({ token = "", password = "" }: Credential): boolean {
  return token !== "" || password !== "";
}

function matched(by: AuthMode): Match {
  return { by, scopes: everyScope };
}

/** A token that is no token opens nothing, not even for who guesses it. */
function isToken(secret: Secret, candidates: readonly string[]): boolean {
  return checkToken(secret.reveal()).ok && candidates.some((candidate) => secret.matches(candidate));
}

async function isPassword(password: Password, candidates: readonly string[]): Promise<boolean> {
  for (const candidate of new Set(candidates)) {
    if (candidate !== "" && (await password.matches(candidate))) return true;
  }
  return false;
}

function lockedOut(ms: number): Fault {
  return fault.lockedOut({ seconds: Math.ceil(ms / 1_000), retryAfterMs: Math.ceil(ms) });
}
