export type RefusalKind =
  | "badAddress"
  | "private"
  | "unresolved"
  | "unreachable"
  | "badRedirect"
  | "tooManyRedirects"
  | "status"
  | "wrongType"
  | "tooLarge"
  | "tooSlow"
  | "broken";

/** Why nothing was fetched. The sentence names a host at most: a path or a query may hold somebody's secret. */
export interface Refusal {
  readonly got: false;
  readonly because: RefusalKind;
  readonly problem: string;
  /** What the server answered, where it did. */
  readonly status?: number;
}

export function refuse(because: RefusalKind, problem: string, status?: number): Refusal {
  return { got: false, because, problem, ...(status !== undefined && { status }) };
}
