/** A seeded random walk's dice: the same seed rolls the same numbers. Returns 0 ≤ n < sides. */
export function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return sides === 0 ? 0 : (state >>> 8) % sides;
  };
}
