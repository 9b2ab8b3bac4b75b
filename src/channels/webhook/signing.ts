import { hmacSha256, isAboutNow, isSame } from "../signature.ts";

/** One way of signing, for both directions. */
export interface Signing {
  /** Whether the body came from someone who has the secret, just now. */
  isSigned(headers: Headers, body: Uint8Array, nowMs: number): boolean;
  /** The headers that sign a body of ours. */
  sign(id: string, body: string, nowMs: number): Readonly<Record<string, string>>;
}

export type SigningName = "hmac-sha256" | "standard-webhooks";

/** Throws a plain sentence for a secret that cannot be one. */
export function createSigning(name: SigningName, secret: string): Signing {
  switch (name) {
    case "hmac-sha256":
      return ownSigning(secret);
    case "standard-webhooks":
      return standardSigning(secret);
  }
}

function ownSigning(secret: string): Signing {
  // What is shorter can be guessed from one signed message.
  if (secret.length < 16) throw new Error("secret must have at least 16 characters.");
  const digest = (timestamp: string, body: string | Uint8Array) => hmacSha256(secret, [`${timestamp}.`, body]);
  return {
    isSigned: (headers, body, nowMs) => {
      const timestamp = headers.get("x-openclaw-timestamp") ?? "";
      const hex = /^sha256=([0-9a-f]{64})$/.exec(headers.get("x-openclaw-signature") ?? "")?.[1];
      return (
        hex !== undefined && isAboutNow(timestamp, nowMs) && isSame(Buffer.from(hex, "hex"), digest(timestamp, body))
      );
    },
    sign: (_id, body, nowMs) => {
      const timestamp = String(Math.floor(nowMs / 1000));
      return {
        "x-openclaw-timestamp": timestamp,
        "x-openclaw-signature": `sha256=${digest(timestamp, body).toString("hex")}`,
      };
    },
  };
}

/** Source: the specification of Standard Webhooks, 1.0. */
function standardSigning(secret: string): Signing {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key.length < 24 || key.length > 64) {
    throw new Error("secret must be 24 to 64 bytes in base64, behind whsec_, as Standard Webhooks has it.");
  }
  const digest = (id: string, timestamp: string, body: string | Uint8Array) =>
    hmacSha256(key, [`${id}.${timestamp}.`, body]);
  return {
    isSigned: (headers, body, nowMs) => {
      const id = headers.get("webhook-id") ?? "";
      const timestamp = headers.get("webhook-timestamp") ?? "";
      if (id === "" || !isAboutNow(timestamp, nowMs)) return false;
      const expected = digest(id, timestamp, body);
      // A secret that is being replaced signs beside its successor; who sends hundreds is guessing.
      const given = (headers.get("webhook-signature") ?? "").split(" ").slice(0, 8);
      return given.some((one) => one.startsWith("v1,") && isSame(Buffer.from(one.slice(3), "base64"), expected));
    },
    sign: (id, body, nowMs) => {
      const timestamp = String(Math.floor(nowMs / 1000));
      return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${digest(id, timestamp, body).toString("base64")}`,
      };
    },
  };
}
