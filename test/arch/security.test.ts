import { expect, test } from "bun:test";
import { join } from "node:path";
import { readSources } from "./source.ts";

const tests = join(import.meta.dir, "..");

/**
 * Faults that other gateways had while people, pages and devices connected and were told what they may do, and with what
 * chat platforms brought them, by the number under which the tests name them. Each has a test whose title begins with its number, or a reason here why it has none.
 */
const incidents: Readonly<Record<string, string | undefined>> = {
  "SEC-01": "a page that sends its stored token to where its address says: this gateway serves no page that connects",
  "SEC-02": undefined,
  "SEC-03": undefined,
  "SEC-04": undefined,
  "SEC-05": undefined,
  "SEC-06": undefined,
  "SEC-07": undefined,
  "SEC-08": undefined,
  "SEC-09": undefined,
  "SEC-10": undefined,
  "SEC-11": undefined,
  "SEC-12": undefined,
  "SEC-13": undefined,
  "SEC-14": undefined,
  "SEC-15": undefined,
  "SEC-16": undefined,
  "SEC-17": undefined,
  "SEC-18": undefined,
  "SEC-19": undefined,
  "SEC-20": undefined,
  "SEC-21": undefined,
  "SEC-22": undefined,
  "SEC-23": undefined,
  "SEC-24": undefined,
  "SEC-25": undefined,
  "SEC-26": undefined,
  "SEC-27": undefined,
  "SEC-53": undefined,
  "SEC-54": undefined,
  "SEC-55": undefined,
  "SEC-56": undefined,
  "SEC-58": undefined,
  "SEC-59": undefined,
  "SEC-60": undefined,
  "SEC-61": undefined,
  "SEC-62": undefined,
  "SEC-63": undefined,
  "SEC-64": undefined,
  "SEC-65": undefined,
  "SEC-66": undefined,
  "SEC-67": undefined,
  "SEC-68": undefined,
  "SEC-69": undefined,
  "SEC-70": undefined,
};

/** The same for what may not happen however things break: each has a test. */
const disturbances = ["REL-10", "REL-11", "REL-12", "REL-24", "REL-27"];

/** The numbers that titles of tests and of groups of tests begin with. */
async function titled(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const path of new Bun.Glob("**/*.test.ts").scan(tests)) {
    const text = await Bun.file(join(tests, path)).text();
    const titles = text.matchAll(/(?:^|\b(?:test|describe)\(|\]\)\(|\w\)\()\s*"((?:SEC|REL)-\d\d)\b[^"]*",/gm);
    found.push(...[...titles].map((title) => title[1] ?? ""));
  }
  return found;
}

test("every incident is named by a test, or by the reason why it is none of ours", async () => {
  const named = await titled();
  expect(named.length).toBeGreaterThan(30);
  const without = Object.keys(incidents).filter((id) => !named.includes(id));
  expect(without).toEqual(Object.keys(incidents).filter((id) => incidents[id] !== undefined));
});

test("every disturbance is named by a test", async () => {
  const named = await titled();
  expect(disturbances.filter((id) => !named.includes(id))).toEqual([]);
});

/** What a name ends in that holds a secret, or what a secret is recognised by. */
const secretName =
  /(?:token|tokens|secret|password|setupCode|credential|candidate|signature|(?:token|secret|password|code)Hash|reveal\(\))$/i;
const harmless = /^(?:undefined|null|true|false|[-\d.]+|""|"[^"]*"|'[^']*'|hidden)$/;
/** `a === b`, where neither side is more than a name, a call or a text. */
const comparison = /([\w$.#?!()[\]"']+)\s*[!=]==?\s*([\w$.#?!()[\]"']+)/g;
/** Ways to compare that stop at the first difference. */
const membership = /\.(?:includes|indexOf|startsWith|equals|localeCompare|has)\(([\w$.#?]+(?:\.reveal\(\))?)\)/g;

/** Those that compare what is no secret, or what is no guess. */
const notGuessed: Readonly<Record<string, string>> = {
  "http/credential.ts": "two headers of one caller with each other",
};

function lookups(text: string): string[] {
  const code = text.replaceAll(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  const compared = [...code.matchAll(comparison)].filter(([, before = "", after = ""]) => {
    const [left, right] = [unwrapped(before), unwrapped(after)];
    const isSecret = secretName.test(left) || secretName.test(right);
    return isSecret && !harmless.test(left) && !harmless.test(right) && !/^typeof\b|\.length$/.test(left);
  });
  const sought = [...code.matchAll(membership)].filter(([, what = ""]) => /reveal\(\)$|[tT]oken$|assword$/.test(what));
  return [...compared, ...sought].map(([found]) => found);
}

/** Without the brackets that were opened or closed around the whole. */
function unwrapped(operand: string): string {
  return operand.replace(/^[(!]+/, "").replace(/(?<!\()\)+$/, "");
}

test("SEC-19: no secret is compared in a way that tells by its time how much of a guess was right", async () => {
  for (const planted of [
    "if (auth.token === this.#token) return true;",
    "return secret.reveal() == candidate;",
    "if (known !== grant.tokenHash)",
    "tokens.has(deviceToken)",
    "list.includes(secret.reveal())",
  ]) {
    expect([planted, lookups(planted).length]).toEqual([planted, 1]);
  }
  const files = await readSources();
  const found = files.flatMap(({ path, text }) => lookups(text).map((line) => ({ path, line })));
  expect(found.filter(({ path }) => !(path in notGuessed))).toEqual([]);
  expect([...new Set(found.map(({ path }) => path))].toSorted()).toEqual(Object.keys(notGuessed));
  const comparing = files.filter(({ text }) => text.includes("timingSafeEqual(")).map(({ path }) => path);
  expect(comparing.toSorted()).toEqual([
    "base/secret.ts",
    "channels/signature.ts",
    "devices/grant-token.ts",
    "rpc/password.ts",
  ]);
});
