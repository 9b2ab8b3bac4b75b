import { createLog, describeError, Secret } from "#base";
import { expect, test } from "bun:test";

const canary = "canary-2f6b1c";
const secret = new Secret(canary);

test.each<[string, () => string]>([
  ["text", () => String(secret)],
  ["joining", () => ["a", secret].join()],
  ["JSON", () => JSON.stringify({ token: secret })],
  ["Bun's inspection", () => Bun.inspect({ deep: { token: secret } })],
  ["an error's message", () => describeError(new Error(`no entry for ${String(secret)}`))],
  ["its own keys", () => JSON.stringify(Object.entries(secret)) + JSON.stringify(Reflect.ownKeys(secret))],
  [
    "a log line",
    () => {
      const lines: string[] = [];
      createLog({ level: "debug", write: (line) => lines.push(line) }).info("hello", { token: secret, deep: [secret] });
      return lines.join();
    },
  ],
])("%s does not show it", (_where, print) => {
  expect(print()).not.toContain(canary);
});

test("SEC-19: it can be revealed and compared, and only with its own value", () => {
  expect(secret.reveal()).toBe(canary);
  expect([canary, "", `${canary}x`, canary.slice(1)].map((text) => secret.matches(text))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
