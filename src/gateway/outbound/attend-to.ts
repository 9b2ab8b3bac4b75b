import { lazily } from "#base";
import { agentOf } from "#sessions";
import type { House } from "../house.ts";
import type { Line } from "../line.ts";
import type { Run } from "../run.ts";

/** An answer that comes sooner needs no sign of it, which would count against what the platform lets us say. */
const firstTypingMs = 300;

const attention = lazily(() => import("./attention.ts"));

/** Shows its chat that a turn works, until it is disposed; nothing waits for that. A turn that is soon over costs no more than a timer. */
export function attendTo(house: House, run: Run): Disposable | undefined {
  const line = house.lines.find(run.from);
  if (!line || line.channel.followsLog) return undefined;
  if (isShown(line)) return begin(house, { run, line, typesAfterMs: firstTypingMs });
  const attended = new DisposableStack();
  const timer = setTimeout(() => attended.use(begin(house, { run, line, typesAfterMs: 0 })), firstTypingMs);
  attended.defer(() => clearTimeout(timer));
  return attended;
}

function begin(
  house: House,
  attended: { readonly run: Run; readonly line: Line; readonly typesAfterMs: number },
): Disposable {
  const { run, line } = attended;
  const { runId } = run;
  const over = new AbortController();
  const label = house.labelOf?.(agentOf(run.sessionKey), run.from);
  if (isShown(line)) house.previews.open(runId);
  attention()
    .then(({ attend }) => attend({ ...attended, house, label, over: over.signal }))
    .catch((error: unknown) => house.log.warn("a chat could not be shown that its turn works", { error }))
    .finally(() => void house.previews.end(runId));
  return { [Symbol.dispose]: () => over.abort() };
}

function isShown({ settings }: Line): boolean {
  return (settings.streaming ?? "off") !== "off";
}
