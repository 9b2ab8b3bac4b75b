/** Waits for a condition, not for a time; fails when it has not come true within three seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 3_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${String(condition)}`);
    await Bun.sleep(1);
  }
}
