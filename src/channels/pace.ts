/** So many messages within so long. */
export interface Allowance {
  /** What shares it: a chat's id, or any other word for all of an account. */
  readonly of: string;
  readonly most: number;
  readonly perMs: number;
}
