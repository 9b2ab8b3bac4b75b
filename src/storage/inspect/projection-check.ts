import type { StoredEvent } from "#protocol";

/** Compares what was remembered of a session beside its log with what the log says, as the events pass by. */
export interface ProjectionCheck {
  take(event: Pick<StoredEvent, "seq" | "event">): void;
  /** What differs, in words; undefined when nothing does. */
  end(): string | undefined;
}
