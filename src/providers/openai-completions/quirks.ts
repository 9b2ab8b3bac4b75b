/** Where servers that speak chat completions differ. */
export interface Quirks {
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Understands that usage is wanted at the end of the stream. */
  readonly usageOnRequest: boolean;
  /** Takes a key that leads the requests of one session to the same cache. */
  readonly promptCacheKey: boolean;
  /** Accepts only call ids of nine letters and digits. */
  readonly shortCallIds: boolean;
}

const usual: Quirks = {
  maxTokensField: "max_tokens",
  usageOnRequest: true,
  promptCacheKey: false,
  shortCallIds: false,
};

const byHost: ReadonlyMap<string, Partial<Quirks>> = new Map([
  ["api.mistral.ai", { usageOnRequest: false, shortCallIds: true }],
  ["api.openai.com", { maxTokensField: "max_completion_tokens", promptCacheKey: true }],
] as const);

/** By the host, never by the provider's name: a proxy under that name knows none of its maker's extras. */
export function quirksOf(host: string): Quirks {
  return { ...usual, ...byHost.get(host) };
}
