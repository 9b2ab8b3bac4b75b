/** OWASP's least for argon2id: one verification takes 19 MiB for some hundredths of a second. */
const cost = { algorithm: "argon2id", memoryCost: 19 * 1024, timeCost: 2 } as const;
const mostMemoryKib = 64 * 1024;
const mostTime = 10;

const shortest = 8;
const comfortable = 12;
export const longestPassword = 512;

/** What an unset variable, a template or a hurried person leaves where a password should stand. */
const placeholders: ReadonlySet<string> = new Set(
  "undefined null changeme change-me changeit password passw0rd password1 12345678 123456789 1234567890 qwertyui openclaw [secret]".split(
    " ",
  ),
);

export type PasswordCheck =
  | { readonly ok: true; readonly warning?: string }
  | { readonly ok: false; readonly because: string };

/** May this text guard anything? Never says the text itself. */
export function checkPassword(text: string): PasswordCheck {
  if (text.trim() === "") return { ok: false, because: "The password is empty." };
  if (placeholders.has(text.toLowerCase())) return { ok: false, because: "The password is one that everybody tries." };
  if (text.length < shortest) return { ok: false, because: `The password has fewer than ${shortest} characters.` };
  if (text.length > longestPassword) return { ok: false, because: `The password is longer than ${longestPassword}.` };
  if (text.length >= comfortable) return { ok: true };
  return { ok: true, warning: `The password has fewer than ${comfortable} characters, which can be guessed.` };
}

/** As it is kept at rest: a PHC string, which holds its own salt and cost. */
export function hashPassword(text: string): Promise<string> {
  return Bun.password.hash(text, cost);
}

/** Is this a hash that we verify, at a price that this machine can pay? */
export function isPasswordHash(text: string): boolean {
  const [, memoryKib, time] =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=\d{1,2}\$[\w+/]{11,86}\$[\w+/]{22,86}$/.exec(text) ?? [];
  return memoryKib !== undefined && Number(memoryKib) <= mostMemoryKib && Number(time) <= mostTime;
}
