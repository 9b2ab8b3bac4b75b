import type { Clock, Log, Secret } from "#base";
import { allScopes, fault, type Scope } from "#protocol";
import { addressGroup } from "./address.ts";
import { Lockout } from "./lockout.ts";
import { checkToken } from "./token.ts";

/** One attempt, whichever of the two is the right one: some clients put what was typed into both. */
export interface Credential {
  readonly token?: string;
  readonly password?: string;
}

export type AuthSettings =
  | { readonly mode: "token"; readonly token: () => Secret }
  /** Asks nobody. For loopback alone, which whoever binds the port has to see to. */
  | { readonly mode: "none" };

export const noScopes: ReadonlySet<Scope> = new Set();
const everyScope: ReadonlySet<Scope> = new Set(allScopes);

/** Turns a credential into scopes. */
export class Authenticator {
  readonly #auth: AuthSettings;
  readonly #lockout: Lockout;
  readonly #log: Log;

  constructor(options: { readonly auth: AuthSettings; readonly clock: Clock; readonly log: Log }) {
    this.#auth = options.auth;
    this.#lockout = new Lockout(options.clock);
    this.#log = options.log;
  }

  get mode(): AuthSettings["mode"] {
    return this.#auth.mode;
  }

  /**
   * The scopes the credential grants; undefined when there is none, which is no attempt and counts as none. Throws
   * `unauthorized`, or `lockedOut` without having compared anything.
   */
  check({ token = "", password = "" }: Credential, address: string): ReadonlySet<Scope> | undefined {
    if (this.#auth.mode === "none") return everyScope;
    if (token === "" && password === "") return undefined;
    const group = addressGroup(address);
    const lockedMs = this.#lockout.remainingMs(group);
    if (lockedMs > 0) throw lockedOut(lockedMs);
    const secret = this.#auth.token();
    if (isRight(secret, token) || isRight(secret, password)) return everyScope;
    if (this.#lockout.wrong(group)) this.#log.warn("an address is locked out after wrong tokens", { address: group });
    throw fault.unauthorized({ problem: "The token is wrong" });
  }
}

/** A token that is no token opens nothing, not even for who guesses it. */
function isRight(secret: Secret, candidate: string): boolean {
  return checkToken(secret.reveal()).ok && secret.matches(candidate);
}

function lockedOut(ms: number): Error {
  return fault.lockedOut({ seconds: Math.ceil(ms / 1_000), retryAfterMs: Math.ceil(ms) });
}
