import { generateKeyPairSync, sign } from "node:crypto";

/** A device's own key. */
export class DeviceKey {
  readonly publicKey: string;
  readonly id: string;
  readonly #privateKey;
  /** As the official client wants it. */
  readonly pem: { readonly deviceId: string; readonly privateKeyPem: string; readonly publicKeyPem: string };

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
    this.publicKey = raw.toString("base64url");
    this.id = new Bun.CryptoHasher("sha256").update(raw).digest("hex");
    this.#privateKey = privateKey;
    this.pem = {
      deviceId: this.id,
      privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
    };
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#privateKey).toString("base64url");
  }
}
