import type { DeviceRole, Devices, Entrance, Proof } from "#devices";
import { Fault, type Scope } from "#protocol";
import { type Authenticator, bringsSecret, type Match, noScopes } from "../authenticator.ts";
import type { Caller } from "../caller.ts";
import { closeCode } from "../connection.ts";
import type { Guest, Speaker } from "../dialect.ts";
import { narrow } from "../origin.ts";
import { admit, refuse, type Refused, scopesWithoutDevice } from "./admission.ts";
import type { ConnectParams } from "./connect-params.ts";
import { credentialError, type CredentialProblem, lockedOutError } from "./credential-error.ts";
import { checkDevice } from "./device.ts";
import { pairingRequired } from "./pairing-error.ts";
import { arrivalOf, proofOf, type Signed } from "./signed.ts";

/** What `hello-ok` says of how the client came in. */
export interface Pass {
  readonly method: string;
  readonly role: DeviceRole;
  readonly scopes: readonly Scope[];
  readonly deviceToken?: string;
  readonly issuedAtMs?: number;
  readonly deviceTokens?: readonly {
    readonly deviceToken: string;
    readonly role: DeviceRole;
    readonly scopes: readonly Scope[];
    readonly issuedAtMs: number;
  }[];
}

export type Reception = { readonly admitted: true; readonly guest: Guest; readonly pass: Pass } | Refused;

/** A device whose connect is being read; it may be shut out before it is in. */
interface Arriving {
  readonly deviceId: string;
  readonly role: DeviceRole;
  shutOut?: string;
}

/**
 * Where it is decided who comes in, as what. Everything that a client brings is checked, also what would not be needed: a
 * thing that was never looked at must not help anybody in.
 */
export class ReceptionDesk {
  readonly #authenticator: Authenticator;
  readonly #devices: () => Promise<Devices>;
  readonly #arriving = new Set<Arriving>();

  constructor(options: { readonly authenticator: Authenticator; readonly devices: () => Promise<Devices> }) {
    this.#authenticator = options.authenticator;
    this.#devices = options.devices;
  }

  /** Who is on the way in when this is called does not get in. */
  shutOut({ deviceId, role }: { readonly deviceId: string; readonly role?: DeviceRole }, reason: string): void {
    for (const arriving of this.#arriving) {
      if (arriving.deviceId === deviceId && (role ?? arriving.role) === arriving.role) arriving.shutOut = reason;
    }
  }

  /** When it admits somebody, the speaker has welcomed the guest. */
  async receive(params: ConnectParams, speaker: Speaker): Promise<Reception> {
    const admission = admit(params, { mode: this.#authenticator.mode, isPage: speaker.isPage });
    if (!admission.admitted) return admission;
    const { device } = params;
    if (device) return this.#receiveDevice({ ...params, device }, admission.role, speaker);
    const reception = await this.#prove(params, speaker.caller);
    if (reception.admitted) speaker.welcome(reception.guest);
    return reception;
  }

  async #receiveDevice(params: Signed, role: DeviceRole, speaker: Speaker): Promise<Reception> {
    const checked = await checkDevice(params, params.device, speaker.challenge);
    if (!checked.ok) {
      const { message, ...details } = checked.because;
      return refuse({ code: "INVALID_REQUEST", message, details });
    }
    const { device } = checked;
    const arriving: Arriving = { deviceId: device.id, role };
    this.#arriving.add(arriving);
    try {
      const reception = await this.#prove({ ...params, device }, speaker.caller);
      if (arriving.shutOut !== undefined) {
        return refuse({ code: "INVALID_REQUEST", message: arriving.shutOut }, closeCode.shutOut);
      }
      // In the same breath, so that whoever shuts it out from here on finds its connection.
      if (reception.admitted) speaker.welcome(reception.guest);
      return reception;
    } finally {
      this.#arriving.delete(arriving);
    }
  }

  async #prove(params: ConnectParams, caller: Caller): Promise<Reception> {
    const verdict = bringsAnything(params)
      ? await this.#authenticator.attempt(caller, () => this.#judgeAttempt(params, caller)).catch(lockedOut)
      : await this.#judge(params, caller);
    if (typeof verdict !== "string") return verdict;
    const { device, auth = {} } = params;
    const mayTryDeviceToken = device !== undefined && !auth.deviceToken;
    return refuse(credentialError(verdict, { mode: this.#authenticator.mode, mayTryDeviceToken }));
  }

  async #judgeAttempt(params: ConnectParams, caller: Caller) {
    const result = await this.#judge(params, caller);
    return { result, wasWrong: typeof result === "string" && wrong.has(result) };
  }

  async #judge(params: ConnectParams, caller: Caller): Promise<Reception | CredentialProblem> {
    const { auth = {}, device } = params;
    const match = await this.#match(auth, caller);
    if (device) return this.#judgeDevice({ ...params, device }, caller, match);
    if (auth.deviceToken) return "wrongDeviceToken";
    if (auth.bootstrapToken) return "wrongSetupCode";
    if (!match) return this.#whyNoMatch(auth);
    const scopes = narrow(match.scopes, scopesWithoutDevice(params, caller.isLocal ?? false));
    return {
      admitted: true,
      guest: { role: "operator", scopes, client: nameOf(params) },
      pass: { method: match.by, role: "operator", scopes: [...scopes] },
    };
  }

  /** What the shared secret opens, whether it came in the frame or with the upgrade. */
  async #match(auth: NonNullable<ConnectParams["auth"]>, caller: Caller): Promise<Match | undefined> {
    const { mode } = this.#authenticator;
    const isIn = caller.isAuthenticated ? { by: mode, scopes: caller.scopes } : undefined;
    // Whom a proxy has named is asked for nothing, and may bring what is meant for the proxy.
    if (!bringsSecret(auth) || (isIn && mode === "trusted-proxy")) return isIn;
    const match = await this.#authenticator.compare(auth, caller);
    return match && isIn ? { ...match, scopes: isIn.scopes } : match;
  }

  #whyNoMatch(auth: NonNullable<ConnectParams["auth"]>): CredentialProblem {
    if (bringsSecret(auth)) return "wrongSecret";
    return this.#authenticator.mode === "trusted-proxy" ? "identityMissing" : "missing";
  }

  async #judgeDevice(params: Signed, caller: Caller, match: Match | undefined): Promise<Reception | CredentialProblem> {
    const { auth = {} } = params;
    const proof = proofOf(auth, caller, match);
    if (!proof) return this.#whyNoMatch(auth);
    const devices = await this.#devices();
    const problem = await problemBeside(params, { proof, match, devices });
    if (problem) return problem;
    const entrance = await devices.enter(arrivalOf(params, proof));
    return entrance.entered ? enteredBy(params, { entrance, proof, match }) : notEntered(params, { entrance, proof });
  }
}

/** What else was brought must hold too. */
async function problemBeside(
  params: Signed,
  known: { readonly proof: Proof; readonly match: Match | undefined; readonly devices: Devices },
): Promise<CredentialProblem | undefined> {
  const { proof, match, devices } = known;
  const { auth = {} } = params;
  if (proof.by === "deviceToken") return undefined;
  if (bringsSecret(auth) && !match) return "wrongSecret";
  if (!auth.deviceToken) return undefined;
  const entrance = await devices.enter(arrivalOf(params, { by: "deviceToken", token: auth.deviceToken }));
  return !entrance.entered && entrance.because === "wrongToken" ? "wrongDeviceToken" : undefined;
}

function notEntered(
  { auth = {} }: Signed,
  { entrance, proof }: { readonly entrance: Extract<Entrance, { entered: false }>; readonly proof: Proof },
): Refused | CredentialProblem {
  switch (entrance.because) {
    case "approvalNeeded":
      return pairingRequired(entrance, proof.by === "setupCode");
    case "wrongToken":
      return auth.deviceToken ? "wrongDeviceToken" : "wrongSecret";
    case "wrongSetupCode":
    case "scopeTooWide":
      return entrance.because;
    case "tooManyRequests":
      return refuse({
        code: "UNAVAILABLE",
        message: "too many devices wait for their approval",
        retryable: true,
        retryAfterMs: 60_000,
      });
  }
}

function lockedOut(error: unknown): Refused {
  if (error instanceof Fault && error.code === "lockedOut") return refuse(lockedOutError(error));
  throw error;
}

/** These are guesses; the others say nothing about a secret. */
const wrong: ReadonlySet<CredentialProblem> = new Set(["wrongSecret", "wrongDeviceToken", "wrongSetupCode"]);

function bringsAnything({ auth = {} }: ConnectParams): boolean {
  return bringsSecret(auth) || Boolean(auth.deviceToken) || Boolean(auth.bootstrapToken);
}

function enteredBy(
  params: Signed,
  by: {
    readonly entrance: Extract<Entrance, { entered: true }>;
    readonly proof: Proof;
    readonly match: Match | undefined;
  },
): Reception {
  const { entrance, proof, match } = by;
  const role = params.role === "node" ? "node" : "operator";
  const most = match?.scopes ?? entrance.scopes;
  const scopes = role === "node" ? noScopes : entrance.scopes.intersection(most);
  const token = {
    deviceToken: entrance.token.reveal(),
    role,
    scopes: [...scopes],
    issuedAtMs: entrance.tokenIssuedAt,
  } as const;
  return {
    admitted: true,
    guest: { role, scopes, deviceId: params.device.id, client: nameOf(params) },
    pass: {
      method: methodName(proof, match),
      ...token,
      ...(proof.by === "setupCode" && { deviceTokens: [token] }),
    },
  };
}

function methodName(proof: Proof, match: Match | undefined): string {
  if (proof.by === "deviceToken") return "device-token";
  return proof.by === "setupCode" ? "bootstrap-token" : (match?.by ?? "none");
}

function nameOf({ client }: ConnectParams): string {
  return `${client.id} ${client.version}`;
}
