import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGateway, sharedToken } from "../../support/open-gateway.ts";

const fromFile = (text: string) => `[gateway.auth]\ntoken = ${JSON.stringify(text)}\n`;

async function problem(config: string, environment: Record<string, string> = {}): Promise<string> {
  const opening = openGateway(config, environment).then(
    (gateway) => gateway[Symbol.asyncDispose]().then(() => ""),
    (error: Error) => error.message,
  );
  return opening;
}

describe("SEC-20: the gateway does not start", () => {
  test.each([
    "undefined",
    "null",
    "NULL",
    "changeme",
    "change-me",
    "token",
    "secret",
    " padded-token-padded-token ",
    "  ",
  ])("where the token is “%s”, in the file or in the environment", async (token) => {
    expect(await problem(fromFile(token))).toContain("cannot guard the gateway");
    expect(await problem("", { OPENCLAW_GATEWAY_AUTH_TOKEN: token })).toContain("cannot guard the gateway");
  });

  test("where the token is empty in the file, or in its own file", async () => {
    expect(await problem(fromFile(""))).toContain("gateway.auth.token");
  });

  test.each(["lan", "0.0.0.0", "::", "192.0.2.1"])("where nobody is asked on %s", async (bind) => {
    const said = await problem(`[gateway]\nbind = "${bind}"\n[gateway.auth]\nmode = "none"\n`);
    expect(said).toContain("allowed on loopback only");
  });

  test("where a page of any origin, or every address, would be believed", async () => {
    for (const origin of ["*", "null", "https://*.example.org"]) {
      expect(await problem(`[gateway]\nallowed_origins = ["${origin}"]\n`)).toContain("is not an origin");
    }
    expect(await problem('[gateway]\ntrusted_proxies = ["*"]\n')).not.toBe("");
  });
});

test("SEC-20: a short token is warned of, and the one of the first run is long, random and for its owner alone", async () => {
  await using short = await openGateway(fromFile("only-18-characters"), {});
  expect(short.app.warnings.join()).toContain("fewer than 24 characters");
  await using first = await openGateway("", {});
  await using second = await openGateway("", {});
  const files = [first, second].map(({ app }) => app.tokenFile ?? "");
  const tokens = files.map((file) => readFileSync(file, "utf8").trim());
  for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(tokens[0]).not.toBe(tokens[1]);
});

test("SEC-20: without a secret, and outside loopback, there is still the token that was made", async () => {
  await using gateway = await openGateway('[gateway]\nbind = "lan"\n', {});
  const status = new URL("/status", gateway.app.url);
  status.hostname = "127.0.0.1";
  expect((await fetch(status)).status).toBe(401);
  const token = readFileSync(gateway.app.tokenFile ?? "", "utf8").trim();
  expect((await fetch(status, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  expect((await fetch(status, { headers: { authorization: `Bearer ${sharedToken}` } })).status).toBe(401);
});

test("SEC-20: a token file that somebody has emptied is not taken for a token", async () => {
  await using gateway = await openGateway("", {});
  const file = join(gateway.home, "state", "token");
  writeFileSync(file, "changeme\n", { mode: 0o600 });
  const { openApp } = await import("../../../src/app.ts");
  const { locateHome } = await import("#config");
  const home = locateHome({ OPENCLAW_HOME: gateway.home });
  await gateway.app[Symbol.asyncDispose]();
  const opening = openApp({ home, environment: {}, flags: { "gateway.port": 0 }, version: "1.2.3" });
  await expect(opening).rejects.toThrow("cannot guard the gateway");
});
