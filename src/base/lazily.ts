/** Makes something on first use and keeps it; a failure is not kept, so the next use tries again. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  const kept: { made?: Promise<T> } = {};
  return () => {
    kept.made ??= make().catch((error: unknown) => {
      delete kept.made;
      throw error;
    });
    return kept.made;
  };
}
