/** How the house is doing. */
export {
  type ComponentHealth,
  type ComponentState,
  createHealth,
  type Health,
  type HealthCheck,
  type HealthReport,
} from "./health.ts";
export { createMemoryKeeper, type MemoryKeeper } from "./memory-keeper.ts";
