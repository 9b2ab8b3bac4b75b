import { bench, group } from "mitata";
import { Lru, Secret } from "#base";
import { createScheduler } from "#scheduler";

export function benchGround(): void {
  group("ground", () => {
    const lru = new Lru<number, string>({ budget: 1_000 });
    let next = 0;
    bench("LRU set, evicting", () => {
      lru.set(next++, "value");
    });
    const secret = new Secret("0123456789abcdef0123456789abcdef");
    bench("secret compare", () => secret.matches("0123456789abcdef0123456789abcdee"));
    const scheduler = createScheduler({ running: 8, waiting: 256, perLane: 20 }, () => {});
    bench("scheduler: reserve, start, end", async () => {
      const reservation = scheduler.reserve("lane");
      if (!reservation.reserved) throw new Error(reservation.because);
      const done = Promise.withResolvers<void>();
      reservation.place.start(async () => done.resolve());
      await done.promise;
    });
  });
}
