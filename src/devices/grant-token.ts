import { newToken, Secret } from "#base";
import type { Scope } from "#protocol";
import type { GrantRecord } from "./device-record.ts";
import type { DeviceRole } from "./devices.ts";

const longestToken = 256;

/** Whose token, for what. */
export interface Holder {
  readonly deviceId: string;
  readonly role: DeviceRole;
}

/**
 * A role with a token of its own. `counter` says how many tokens the same role of the same device had before; those open
 * nothing any more.
 */
export function issueGrant(
  key: Secret,
  {
    deviceId,
    role,
    scopes,
    counter,
    now,
  }: Holder & {
    readonly scopes: readonly Scope[];
    readonly counter: number;
    readonly now: number;
  },
): GrantRecord {
  const grant = { role, scopes: [...scopes], salt: newToken(), counter, tokenIssuedAt: now };
  return { ...grant, tokenHash: hashOf(tokenOf(key, { deviceId, role }, grant).reveal()) };
}

/** The token of a grant. It is kept nowhere: whoever has the database alone, or the key alone, cannot make it. */
export function tokenOf(
  key: Secret,
  { deviceId, role }: Holder,
  grant: Pick<GrantRecord, "salt" | "counter" | "tokenIssuedAt">,
): Secret {
  const said = ["device-token", grant.salt, deviceId, role, grant.tokenIssuedAt, grant.counter].join("|");
  return new Secret(new Bun.CryptoHasher("sha256", key.reveal()).update(said).digest("base64url"));
}

/** Is it the token of this grant, and is the grant still worth something? */
export function opens(grant: GrantRecord, token: string): boolean {
  if (token.length > longestToken || grant.revokedAt !== undefined) return false;
  return hasHash(grant.tokenHash, token);
}

/** Compares in constant time. */
export function hasHash(hash: string, text: string): boolean {
  return crypto.timingSafeEqual(Buffer.from(hash, "hex"), new Bun.CryptoHasher("sha256").update(text).digest());
}

export function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
