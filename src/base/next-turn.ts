/** Lets whoever waits for the event loop come first: for work in pieces that would not wait for anything by itself. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
