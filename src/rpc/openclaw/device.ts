import type { Challenge } from "../dialect.ts";
import type { ConnectParams, Device } from "./connect-params.ts";

const mostSkewMs = 120_000;

export type DeviceCheck =
  /** `device` with its key in the one spelling that we keep: 32 bytes in base64url. */
  { readonly ok: true; readonly device: Device } | { readonly ok: false; readonly because: DeviceProblem };

export interface DeviceProblem {
  readonly code: `DEVICE_AUTH_${string}`;
  readonly reason: string;
  readonly message: string;
}

/** Does the device hold the key that it names, and has it signed this connect, on this socket, now? */
export async function checkDevice(params: ConnectParams, device: Device, challenge: Challenge): Promise<DeviceCheck> {
  const key = readPublicKey(device.publicKey);
  if (!key) return no("PUBLIC_KEY_INVALID", "device-public-key", "device public key invalid");
  if (new Bun.CryptoHasher("sha256").update(key).digest("hex") !== device.id) {
    return no("DEVICE_ID_MISMATCH", "device-id-mismatch", "device identity mismatch");
  }
  if (device.nonce !== challenge.nonce) return no("NONCE_MISMATCH", "device-nonce-mismatch", "device nonce mismatch");
  if (Math.abs(device.signedAt - challenge.ts) > mostSkewMs) {
    return no("SIGNATURE_EXPIRED", "device-signature-stale", "device signature expired");
  }
  const isSigned = await hasSigned(key, device.signature, signedTexts(params, device));
  if (isSigned) return { ok: true, device: { ...device, publicKey: Buffer.from(key).toString("base64url") } };
  return no("SIGNATURE_INVALID", "device-signature", "device signature invalid");
}

/** What the device may have signed: the string of version 3, or that of version 2, which browsers still use. */
export function signedTexts({ client, role, scopes, auth }: ConnectParams, device: Device): readonly [string, string] {
  const token = [auth?.token, auth?.deviceToken, auth?.bootstrapToken].find(Boolean) ?? "";
  const of = [device.id, client.id, client.mode, role ?? "operator", (scopes ?? []).join(",")];
  const common = [...of, device.signedAt, token, device.nonce];
  const v3 = ["v3", ...common, plain(client.platform), plain(client.deviceFamily ?? "")];
  return [v3.join("|"), ["v2", ...common].join("|")];
}

async function hasSigned(key: Uint8Array<ArrayBuffer>, signature: string, texts: readonly string[]): Promise<boolean> {
  const bytes = new Uint8Array(Buffer.from(signature, "base64url"));
  if (bytes.length !== 64) return false;
  const verifier = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  for (const text of texts) {
    if (await crypto.subtle.verify("Ed25519", verifier, bytes, new TextEncoder().encode(text))) return true;
  }
  return false;
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo. */
const spkiHead = "302a300506032b6570032100";

/** The 32 bytes of a key, sent in base64url, in base64, or as PEM. */
function readPublicKey(text: string): Uint8Array<ArrayBuffer> | undefined {
  const isPem = text.includes("-----BEGIN PUBLIC KEY-----");
  const body = isPem ? text.replaceAll(/-----[A-Z ]+-----|\s/g, "") : text;
  if (!/^[\w+/-]+={0,2}$/.test(body)) return undefined;
  const bytes = Buffer.from(body, isPem ? "base64" : "base64url");
  if (isPem && bytes.subarray(0, 12).toString("hex") !== spkiHead) return undefined;
  const key = new Uint8Array(isPem ? bytes.subarray(12) : bytes);
  return key.length === 32 ? key : undefined;
}

/** As it is signed: trimmed, and in lower case where it is ASCII. */
function plain(text: string): string {
  return text.trim().replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function no(code: string, reason: string, message: string): DeviceCheck {
  return { ok: false, because: { code: `DEVICE_AUTH_${code}`, reason, message } };
}
