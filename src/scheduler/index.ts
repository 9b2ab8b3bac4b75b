/** When a turn may start. */
export {
  createScheduler,
  type Job,
  type Limits,
  type Place,
  type Reservation,
  type Scheduler,
  type Started,
} from "./scheduler.ts";
export { runtimeSettings } from "./settings.ts";
