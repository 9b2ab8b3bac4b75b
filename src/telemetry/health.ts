export type ComponentState = "healthy" | "degraded" | "unhealthy";

export interface ComponentHealth {
  readonly state: ComponentState;
  /** For a person, when it is not healthy. */
  readonly because?: string;
}

export interface HealthReport {
  /** `degraded` when any component is; `unhealthy` when the gateway or the storage is. */
  readonly status: ComponentState;
  /** False only for `unhealthy`. */
  readonly ok: boolean;
  readonly components: Readonly<Record<string, ComponentState>>;
  readonly reasons: Readonly<Record<string, string>>;
}

/** Asks each component how it is; an answer that takes over a second, or throws, counts as unhealthy. */
export interface Health {
  report(): Promise<HealthReport>;
}
