/** How the house is doing. */
export type { ComponentHealth, ComponentState, Health, HealthReport } from "./health.ts";
