import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { Home } from "#config";
import { cli } from "../support/cli.ts";
import { type OpenGateway, openGateway, sharedToken } from "../support/open-gateway.ts";
import { openSqliteFile } from "../support/storage.ts";

const request = (account: string, senderId: string, code: string) => ({
  code,
  channel: "pigeon",
  account,
  senderId,
  name: `N${senderId}`,
  from: { channel: "pigeon", account, chat: senderId },
  createdAt: Date.now(),
  isTold: true,
});

/** Two strangers had written to two accounts before the gateway started. */
async function withStrangers(home: Home): Promise<void> {
  await using storage = openSqliteFile(home.database);
  const written = [request("default", "1", "AAAABBBB"), request("work", "2", "CCCCDDDD")].map((one) => ({
    kind: "channel-pairing",
    id: JSON.stringify([one.channel, one.account]),
    data: JSON.stringify([one]),
  }));
  await storage.writeRecords(written);
}

const open = (config = "") => openGateway(config, { OPENCLAW_GATEWAY_TOKEN: sharedToken }, { prepare: withStrangers });

function commands(gateway: OpenGateway) {
  return (...argv: string[]) => cli(argv, { port: Number(gateway.app.url.port), token: sharedToken });
}

test("strangers are listed, approved and turned away from the command line; the first one becomes the owner", async () => {
  await using gateway = await open();
  const run = commands(gateway);
  const listed = (await run("pairing", "list", "pigeon")).stdout;
  expect(listed).toContain("AAAABBBB");
  expect(listed).toContain("CCCCDDDD");

  expect(await run("pairing", "approve", "pigeon", "CCCCDDDD", "--account", "default")).toMatchObject({ exitCode: 1 });
  expect((await run("pairing", "approve", "pigeon", "aaaa-bbbb")).stdout).toBe(
    "1 of pigeon (default) may write from now on, and is the owner: their commands may do what yours may.\n",
  );
  expect(readFileSync(join(gateway.home, "openclaw.toml"), "utf8")).toContain(
    'owner_allow_from = ["pigeon/default:1"]',
  );
  expect((await run("pairing", "approve", "pigeon", "CCCCDDDD")).stdout).toBe(
    "2 of pigeon (work) may write from now on.\n",
  );
  expect(readFileSync(join(gateway.home, "openclaw.toml"), "utf8")).not.toContain(":2");

  const { pending, allowed } = JSON.parse((await run("pairing", "list", "--json")).stdout);
  expect(pending).toEqual([]);
  expect(allowed.map((one: { senderId: string }) => one.senderId)).toEqual(["1", "2"]);
  expect((await run("pairing", "remove", "pigeon", "1")).exitCode).toBe(0);
  expect((await run("pairing", "allow", "pigeon", "9")).stdout).toBe("9 may write to pigeon.\n");
  const now = JSON.parse((await run("pairing", "list", "--json")).stdout).allowed;
  expect(now.map((one: { senderId: string; how: string }) => [one.senderId, one.how])).toEqual([
    ["9", "listed"],
    ["2", "paired"],
  ]);
});

test("one is turned away", async () => {
  await using gateway = await open();
  const run = commands(gateway);
  expect((await run("pairing", "reject", "pigeon", "AAAABBBB")).stdout).toBe(
    "1 of pigeon (default) was turned away.\n",
  );
  expect(await run("pairing", "approve", "pigeon", "AAAABBBB")).toMatchObject({ exitCode: 1 });
});

test("no owner is made where there is one, nor by who may not write settings", async () => {
  await using gateway = await open('[commands]\nowner_allow_from = ["pigeon:7"]\n');
  expect((await commands(gateway)("pairing", "approve", "pigeon", "AAAABBBB")).stdout).toBe(
    "1 of pigeon (default) may write from now on.\n",
  );
  expect(readFileSync(join(gateway.home, "openclaw.toml"), "utf8")).toContain('["pigeon:7"]');
});

test("five wrong codes close approvals for a while", async () => {
  await using gateway = await open();
  for (let n = 0; n < 5; n++) {
    const { body } = await gateway.call("pairing.approve", { channel: "pigeon", code: `WRONG${n}` });
    expect(body.error?.message).toContain("There is no request");
  }
  const { body } = await gateway.call("pairing.approve", { channel: "pigeon", code: "AAAABBBB" });
  expect(body.error?.message).toStartWith("Too many wrong attempts");
});

test("a route is explained", async () => {
  const config =
    '[[bindings]]\naction = "drop"\nmatch = { channel = "telegram", peer = { kind = "group", id = "-5" } }\n';
  await using gateway = await openGateway(config);
  const run = commands(gateway);
  const dropped = await run("route", "explain", "telegram", "--kind", "group", "--", "-5");
  expect(dropped.stdout).toContain("action:   drop");
  expect(dropped.stdout).toContain("by:       bindings[0] (peer)");
  const answered = await run("route", "explain", "telegram", "7");
  expect(answered.stdout).toContain("session:  agent:main:main");
  expect(answered.stdout).toContain("not by:   bindings[0] (peer): the chat is direct 7");
});

test("a binding to an agent that there is not keeps the gateway from starting, and says so", async () => {
  await expect(openGateway('[[bindings]]\nagent_id = "nobody"\nmatch = { channel = "x" }\n')).rejects.toThrow(
    "bindings[0].agent_id: there is no agent “nobody”",
  );
});
