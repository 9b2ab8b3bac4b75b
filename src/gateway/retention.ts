/** In days; 0 of ended sessions and of files is for ever, or without a bound. */
export interface RetentionLimits {
  readonly receiptsDays: number;
  readonly deadLettersDays: number;
  readonly endedSessionsDays: number;
  readonly endedSessionsMegabytes: number;
  readonly filesDays: number;
  readonly filesMegabytes: number;
}

export const usualRetention: RetentionLimits = {
  receiptsDays: 30,
  deadLettersDays: 30,
  endedSessionsDays: 0,
  endedSessionsMegabytes: 0,
  filesDays: 0,
  filesMegabytes: 0,
};
