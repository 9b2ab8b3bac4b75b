import { type Clock, newId } from "#base";
import { areSame } from "./authority.ts";
import type { PairingRequest } from "./devices.ts";
import { isSameAbout } from "./paired.ts";

const patienceMs = 5 * 60_000;
const mostRequests = 100;

type Asking = Omit<PairingRequest, "requestId" | "requestedAt">;

type Asked =
  | {
      readonly taken: true;
      readonly request: PairingRequest;
      readonly isNew: boolean;
      readonly replaced?: PairingRequest;
    }
  | { readonly taken: false };

/**
 * Who waits for somebody's yes: one request for each role of a device, in memory, because who still wants in asks again.
 * A request is never changed: what somebody is looking at is what they approve.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #places = new Map<string, { readonly request: PairingRequest; readonly endsAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  all(): PairingRequest[] {
    this.#sweep();
    return [...this.#places.values()].map(({ request }) => request);
  }

  find(requestId: string): PairingRequest | undefined {
    return this.all().find((request) => request.requestId === requestId);
  }

  ofDevice(deviceId: string): PairingRequest[] {
    return this.all().filter((request) => request.deviceId === deviceId);
  }

  ask(asking: Asking): Asked {
    this.#sweep();
    const place = placeOf(asking);
    const before = this.#places.get(place)?.request;
    if (before && isSameAsking(before, asking)) return { taken: true, request: before, isNew: false };
    if (!before && this.#places.size >= mostRequests) return { taken: false };
    const request = { ...asking, requestId: newId(), requestedAt: this.#clock.now() };
    this.#places.delete(place);
    this.#places.set(place, { request, endsAt: this.#clock.elapsed() + patienceMs });
    return { taken: true, request, isNew: true, ...(before && { replaced: before }) };
  }

  /** False when it was gone before. */
  forget(request: PairingRequest): boolean {
    const place = placeOf(request);
    return this.#places.get(place)?.request === request && this.#places.delete(place);
  }

  #sweep(): void {
    const now = this.#clock.elapsed();
    for (const [place, { endsAt }] of this.#places) {
      if (endsAt <= now) this.#places.delete(place);
    }
  }
}

function placeOf({ deviceId, role }: Pick<Asking, "deviceId" | "role">): string {
  return `${role} ${deviceId}`;
}

function isSameAsking(a: Asking, b: Asking): boolean {
  return a.reason === b.reason && areSame(a.scopes, b.scopes) && isSameAbout(a.about, b.about);
}
