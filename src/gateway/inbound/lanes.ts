import type { Group } from "./group.ts";

/** Groups that wait in memory, by session, each lane in order of arrival. */
export class Lanes {
  readonly #lanes = new Map<string, Group[]>();

  has(sessionKey: string): boolean {
    return this.#lanes.has(sessionKey);
  }

  of(sessionKey: string): readonly Group[] {
    return this.#lanes.get(sessionKey) ?? [];
  }

  all(): readonly Group[] {
    return [...this.#lanes.values()].flat();
  }

  messagesOf(sessionKey: string): number {
    return this.of(sessionKey).reduce((sum, { slots }) => sum + slots.length, 0);
  }

  /** True when it opened the lane, which somebody has to work off. */
  add(sessionKey: string, group: Group): boolean {
    const lane = this.#lanes.get(sessionKey);
    if (lane) lane.push(group);
    else this.#lanes.set(sessionKey, [group]);
    return lane === undefined;
  }

  /** Takes the first one away; a lane without any is gone. */
  shift(sessionKey: string): void {
    const lane = this.#lanes.get(sessionKey);
    lane?.shift();
    if (lane?.length === 0) this.#lanes.delete(sessionKey);
  }
}
