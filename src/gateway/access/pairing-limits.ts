/** How many strangers may wait for an account, and for how long their codes are good. */
export const pairingLimits = { pendingPerAccount: 3, lifeMs: 60 * 60 * 1_000 } as const;
