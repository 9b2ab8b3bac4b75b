import { Lru } from "#base";

const mostEchoes = 1_000;

/** Discord's nonces are short. The same key makes the same one. */
export function nonceOf(clientKey: string): string {
  return new Bun.CryptoHasher("sha256").update(clientKey).digest("base64url").slice(0, 25);
}

/** Our own messages as the gateway tells them to us: they carry the nonce, which a message that is read later does not. */
export class Echoes {
  readonly #heard = new Lru<string, string>({ budget: mostEchoes });

  heard(message: { readonly id: string; readonly channel_id: string; readonly nonce?: string | number }): void {
    if (message.nonce !== undefined) this.#heard.set(`${message.channel_id}:${message.nonce}`, message.id);
  }

  find(chat: string, nonce: string): string | undefined {
    return this.#heard.get(`${chat}:${nonce}`);
  }
}
