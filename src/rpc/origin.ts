import { type Fault, fault, type Scope } from "#protocol";
import { type Authenticator, type Credential, type Match, noScopes, type Whereabouts } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import type { Interests } from "./interests.ts";

/** What a client asks for, and calls itself, when it shows its credential. */
export interface Claim {
  /** Fewer scopes than the credential grants. More cannot be had. */
  readonly scopes?: readonly Scope[];
  /** For `connections.list`; decides nothing. */
  readonly client?: string;
}

/** Where calls come from, as the dispatcher needs to know it: a connection, or one request over HTTP. */
export interface Origin {
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** Nobody waits for the answer any more. */
  readonly isGone: boolean;
  authenticate(credential: Credential, claim?: Claim): Promise<Caller>;
  /** What it wants to hear, to be changed; undefined where nothing can be told. */
  interests(): Interests | undefined;
  /** Takes a place among the calls in flight; false when all are taken. */
  begin(): boolean;
  end(): void;
  /** A call was refused for want of a credential. */
  refused(problem: Fault): void;
}

/** One request, which ends with its answer. */
export class SingleCall implements Origin {
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly #authenticator: Authenticator;

  constructor(from: { readonly caller: Caller; readonly signal: AbortSignal }, authenticator: Authenticator) {
    this.caller = from.caller;
    this.signal = from.signal;
    this.#authenticator = authenticator;
  }

  get isGone(): boolean {
    return this.signal.aborted;
  }

  /** Says what the credential would grant: there is nothing here that could keep it. */
  async authenticate(credential: Credential, claim: Claim = {}): Promise<Caller> {
    const match = await this.#authenticator.check(credential, this.caller);
    if (!match && !this.caller.isAuthenticated) throw noCredential();
    return { ...this.caller, isAuthenticated: true, scopes: narrow(grantedBy(match, this.caller), claim.scopes) };
  }

  interests(): undefined {}

  begin(): boolean {
    return true;
  }

  end(): void {}

  refused(): void {}
}

/** An operator, with what a credential has opened; a stranger without. */
export function callerOf(id: string, { address, isLocal }: Whereabouts, match?: Match): Caller {
  const who = { id, address, ...(isLocal && { isLocal }) };
  return { ...who, isAuthenticated: match !== undefined, role: "operator", scopes: match?.scopes ?? noScopes };
}

/** What a secret opens; without one, what the caller has already, so that to connect again widens nothing. */
export function grantedBy(match: Match | undefined, { scopes }: Caller): ReadonlySet<Scope> {
  return match && match.by !== "none" ? match.scopes : scopes;
}

export function narrow(granted: ReadonlySet<Scope>, asked?: readonly Scope[]): ReadonlySet<Scope> {
  return asked ? granted.intersection(new Set(asked)) : granted;
}

export function noCredential(): Fault {
  return fault.unauthorized({
    problem: "A token is needed: as Authorization: Bearer, as X-Gateway-Token, or in a call of connect",
  });
}
