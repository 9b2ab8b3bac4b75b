<<<<<<< HEAD
/** Waits until `look` finds something, for at most `withinMs`; then fails naming what was waited for. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found as Exclude<T, undefined | null | false>;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
=======
/** Waits for a condition, not for a time; fails when it has not come true within three seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 3_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${String(condition)}`);
>>>>>>> room/storage
    await Bun.sleep(1);
  }
}
