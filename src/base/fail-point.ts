/**
 * A named place where a test may let the process die or take another way. A run of the source passes it unless the test
 * armed that name; the build takes every call out, so that an executable knows neither the places nor their names.
 *
 * True when it is armed, for the few places that choose between two ways.
 */
export function failPoint(name: string): boolean {
  const act = armed.get(name);
  act?.();
  return act !== undefined;
}

/** For tests alone. `act` is called each time that place is passed; the returned function disarms it. */
export function armFailPoint(name: string, act: () => void): () => void {
  armed.set(name, act);
  return () => armed.delete(name);
}

const armed = new Map<string, () => void>();
