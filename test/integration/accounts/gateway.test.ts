import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OpenGateway, openGateway, sharedToken } from "../../support/open-gateway.ts";
import { startFakeModel } from "../../support/fake-model.ts";
import { fakeModelConfig } from "../../support/gateway-process.ts";
import { resultProblems } from "../../support/openclaw-schema.ts";
import { Parrots } from "../../support/parrots.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { until } from "../../support/until.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: sharedToken };

const two = `# mine
[channels.parrot]
bot_token = "canary-one" # the first
dm_policy = "open"
allow_from = ["*"]
[channels.parrot.accounts.work]
bot_token = "canary-two"`;

interface Row {
  readonly account: string;
  readonly state: string;
  readonly running: boolean;
  readonly lastError?: string;
  readonly lastInboundAt?: number;
  readonly lastOutboundAt?: number;
  readonly probe?: { readonly ok: boolean; readonly name?: string };
}

function open(parrots: Parrots, config = two): Promise<OpenGateway> {
  return openGateway(config, environment, { channels: [parrots.channel] });
}

async function ask<T>(gateway: OpenGateway, method: string, params: unknown = {}): Promise<T> {
  const { body } = await gateway.call(method, params);
  if (body.error) throw new Error(body.error.message);
  return body.result as T;
}

async function rows(gateway: OpenGateway, params: unknown = {}): Promise<readonly Row[]> {
  type Status = { channels: { id: string; accounts?: Row[] }[] };
  const status = await ask<Status>(gateway, "channels.status", { channel: "parrot", ...(params as object) });
  return status.channels[0]?.accounts ?? [];
}

const row = async (gateway: OpenGateway, account = "default") =>
  (await rows(gateway)).find((one) => one.account === account);

/** When it last heard and said something, as soon as it has done both. */
function timesOf(gateway: OpenGateway): Promise<Pick<Row, "lastInboundAt" | "lastOutboundAt">> {
  return until("the times", async () => {
    const { lastInboundAt, lastOutboundAt } = (await row(gateway)) ?? {};
    return lastInboundAt !== undefined && lastOutboundAt !== undefined && { lastInboundAt, lastOutboundAt };
  });
}

async function health(gateway: OpenGateway) {
  const headers = { authorization: `Bearer ${sharedToken}` };
  const answer = await fetch(new URL("/health", gateway.app.url), { headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe("a gateway with accounts", () => {
  test("walks a message from one to a turn and brings the answer to the same account", async () => {
    const parrots = new Parrots();
    await using gateway = await open(parrots);
    const line = await parrots.open("work");
    await line.hear("hello");
    await until("the answer", () => line.said.length > 0);
    expect((await parrots.open()).said).toEqual([]);
    expect(await row(gateway, "work")).toMatchObject({
      lastInboundAt: expect.any(Number),
      lastOutboundAt: expect.any(Number),
    });
  });

  test("takes what one brings also when memory has no place for it, and says in its health that it waits", async () => {
    const parrots = new Parrots();
    const isOpen = Promise.withResolvers<string>();
    await using model = startFakeModel({ script: () => isOpen.promise });
    await using gateway = await open(parrots, `${fakeModelConfig(model.url)}\n[runtime]\nsession_queue = 1\n${two}`);
    const line = await parrots.open();
    for (let n = 0; n < 103; n++) await line.hear(`word ${n}`);
    expect((await health(gateway)).body).toMatchObject({
      ok: true,
      status: "degraded",
      components: { inbound: "degraded" },
      reasons: { inbound: "2 messages wait on disk for a turn" },
    });
    isOpen.resolve("hello");
    await until("the answers", () => line.said.length === 103);
    await until("the health to know", async () => (await health(gateway)).body["status"] === "healthy");
  });

  test("REL-27: starts though one of them cannot be opened, says so in its health, and stays reachable", async () => {
    const parrots = new Parrots((account) => (account === "work" ? "throws" : "opens"));
    await using gateway = await open(parrots);
    await until("it to be known", async () => (await row(gateway, "work"))?.lastError);
    await until("the health to know", async () => (await health(gateway)).body["status"] === "degraded");
    expect(await health(gateway)).toMatchObject({
      status: 200,
      body: { ok: true, components: { parrot: "healthy", "parrot/work": "unhealthy", gateway: "healthy" } },
    });
    expect(JSON.stringify(await health(gateway))).not.toContain("canary");
    expect((await health(gateway)).body["reasons"]).toEqual({ "parrot/work": "no perch for [secret]" });
  });

  test("is not started with settings that cannot work, and says which", async () => {
    const said = open(new Parrots(), `[channels.parrot]\nbot_token = "a"\nmode = "http"`);
    await expect(said).rejects.toThrow("channels.parrot.signing_secret is needed in the mode http.");
  });

  test("closes them all before it ends", async () => {
    const parrots = new Parrots();
    {
      await using gateway = await open(parrots);
      await Promise.all([parrots.open(), parrots.open("work")]);
      expect(await rows(gateway)).toHaveLength(2);
    }
    expect(parrots.lines.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });
});

describe("operators", () => {
  test("see each account, ask the platform, and stop, start and restart one of them", async () => {
    const parrots = new Parrots();
    await using gateway = await open(parrots);
    await Promise.all([parrots.open(), parrots.open("work")]);
    const probed = await rows(gateway, { probe: true });
    expect(probed).toMatchObject([
      { account: "default", state: "online", probe: { ok: true, name: "@default" } },
      { account: "work", state: "online", probe: { ok: true, name: "@work" } },
    ]);
    const work = { channel: "parrot", account: "work" };
    expect(await ask(gateway, "channels.stop", work)).toMatchObject({
      accounts: [{ account: "work", running: false }],
    });
    expect(await row(gateway, "work")).toMatchObject({ running: false, lastStopAt: expect.any(Number) });
    expect((await health(gateway)).body["components"]).not.toHaveProperty("parrot/work");
    await ask(gateway, "channels.start", work);
    await parrots.open("work");
    await ask(gateway, "channels.restart", { channel: "parrot" });
    await until("both to be open again", () => parrots.triesOf("work") === 3 && parrots.triesOf("default") === 2);
    await expect(ask(gateway, "channels.start", { channel: "pigeon" })).rejects.toThrow("no such account");
  });

  test("change settings while it runs, and only what they changed is opened anew", async () => {
    const parrots = new Parrots();
    await using gateway = await open(parrots);
    await Promise.all([parrots.open(), parrots.open("work")]);
    await ask(gateway, "config.patch", { patch: { channels: { parrot: { accounts: { work: { mode: "socket" } } } } } });
    await ask(gateway, "config.patch", {
      patch: { channels: { parrot: { accounts: { work: { signingSecret: "another" } } } } },
    });
    await until("the change", () => parrots.triesOf("work") === 2);
    const file = join(gateway.home, "openclaw.toml");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n[channels.parrot.accounts.home]\nbot_token = "three"\n`);
    expect(await ask(gateway, "config.reload")).toMatchObject({ restartRequired: [] });
    await parrots.open("home");
    expect([parrots.triesOf("default"), parrots.triesOf("work")]).toEqual([1, 2]);
  });

  test("take what only the gateway reads at once, and the line stays open", async () => {
    const parrots = new Parrots();
    await using gateway = await open(parrots);
    const line = await parrots.open();
    const patch = (parrot: object) => ask(gateway, "config.patch", { patch: { channels: { parrot } } });
    await line.hear("hello");
    await until("the answer", () => line.said.length === 1);
    await patch({ dmPolicy: "disabled", streaming: "partial", pace: "off", groups: { g: { requireMention: false } } });
    await line.hear("and now?");
    await patch({ dmPolicy: "open" });
    await line.hear("and again?");
    await until("the answer", () => line.said.length === 2);
    expect(line.said.join()).not.toContain("and now?");
    expect([line.isClosed, parrots.triesOf("default"), parrots.triesOf("work")]).toEqual([false, 1, 1]);
  });

  test("know when an account last heard and said something, also after it was opened anew", async () => {
    const parrots = new Parrots();
    await using gateway = await open(parrots);
    const line = await parrots.open();
    await line.hear("hello");
    await until("the answer", () => line.said.length === 1);
    const before = await timesOf(gateway);
    await ask(gateway, "config.patch", { patch: { channels: { parrot: { signingSecret: "another" } } } });
    await until("it to be open anew", () => parrots.triesOf("default") === 2 && !parrots.line()?.isClosed);
    await ask(gateway, "channels.restart", { channel: "parrot", account: "default" });
    await until("it to be open again", () => parrots.triesOf("default") === 3 && !parrots.line()?.isClosed);
    expect(await row(gateway)).toMatchObject(before);
  });

  test("know that also after a restart of the gateway", async () => {
    const parrots = new Parrots();
    using home = tempFolder();
    const restart = () => openGateway(two, environment, { channels: [parrots.channel], folder: home.path });
    const before = await (async () => {
      await using gateway = await restart();
      await (await parrots.open()).hear("hello");
      return await timesOf(gateway);
    })();
    await using gateway = await restart();
    expect(await timesOf(gateway)).toEqual(before);
  });

  test("log an account out: its token leaves the file, the rest of which stays", async () => {
    const parrots = new Parrots();
    await using gateway = await open(parrots);
    const line = await parrots.open();
    const out = await ask(gateway, "channels.logout", { channel: "parrot" });
    expect(out).toEqual({
      channel: "parrot",
      account: "default",
      cleared: true,
      fromEnvironment: false,
      loggedOut: true,
    });
    expect(line.isClosed).toBe(true);
    const text = readFileSync(join(gateway.home, "openclaw.toml"), "utf8");
    expect(text).not.toContain("canary-one");
    expect(text).toContain("# mine");
    await until("it to be gone", async () => (await rows(gateway)).length === 1);
    expect(await row(gateway, "work")).toMatchObject({ state: "online" });
  });

  test("hear that a token of the environment is not theirs to take away", async () => {
    const parrots = new Parrots();
    const own = { ...environment, OPENCLAW_CHANNELS_PARROT_BOT_TOKEN: "canary" };
    await using gateway = await openGateway("", own, { channels: [parrots.channel] });
    await parrots.open();
    const out = await ask(gateway, "channels.logout", { channel: "parrot" });
    expect(out).toMatchObject({ cleared: false, fromEnvironment: true, loggedOut: false });
  });
});

test("clients of OpenClaw see the same in their own words", async () => {
  const parrots = new Parrots((account) => (account === "work" ? "throws" : "opens"));
  await using gateway = await open(parrots);
  await parrots.open();
  await until("it to be known", async () => (await row(gateway, "work"))?.lastError);
  const { client } = await gateway.enter({ auth: { token: sharedToken }, scopes: ["operator.admin"] });
  const { payload: status } = await client.ask("channels.status", { probe: true, timeoutMs: 8_000 });
  expect(resultProblems("channels.status", status)).toEqual([]);
  expect(status).toMatchObject({
    channelOrder: ["parrot", "webchat"],
    channelDefaultAccountId: { parrot: "default" },
    channelAccounts: {
      parrot: [
        { accountId: "default", running: true, connected: true, lastError: null, probe: { ok: true } },
        { accountId: "work", running: true, connected: false, lastError: "no perch for [secret]" },
      ],
    },
  });
  const where = { channel: "parrot", accountId: "default" };
  expect((await client.ask("channels.stop", where)).payload).toEqual({ ...where, stopped: true });
  expect((await client.ask("channels.start", where)).payload).toEqual({ ...where, started: true });
  expect((await client.ask("channels.logout", where)).payload).toMatchObject({
    ...where,
    supported: true,
    loggedOut: true,
  });
});

test("what a platform brings over HTTP reaches its account, and no other", async () => {
  const parrots = new Parrots();
  await using gateway = await open(parrots);
  const [own, work] = await Promise.all([parrots.open(), parrots.open("work")]);
  const url = new URL("/webhooks/parrot/work/events", gateway.app.url);
  const answer = await fetch(url, { method: "POST", body: "a=b" });
  expect([answer.status, await answer.text()]).toEqual([200, "squawk"]);
  expect([own.requests.length, work.requests.length]).toEqual([0, 1]);
  await ask(gateway, "channels.stop", { channel: "parrot", account: "work" });
  expect((await fetch(url, { method: "POST", body: "a=b" })).status).toBe(404);
});

test("a message for an account that is not open is refused as such, and one for no account as that", async () => {
  const parrots = new Parrots();
  await using gateway = await open(parrots);
  await parrots.open();
  await ask(gateway, "channels.stop", { channel: "parrot", account: "default" });
  const send = async (channel: string) =>
    (await gateway.call("message.send", { channel_id: channel, chat_id: "c1", text: "hi" })).body.error?.message;
  expect(await send("parrot")).toBe("The message was not delivered: the account is not open now.");
  expect(await send("pigeon")).toContain("There is no channel “pigeon”");
});

test("an account that has no token yet keeps nobody from starting: it is told, and shown", async () => {
  const parrots = new Parrots();
  await using gateway = await open(parrots, `[channels.parrot.accounts.work]\ndm_policy = "open"`);
  expect(gateway.app.warnings).toContainEqual(
    "channels.parrot.accounts.work.bot_token is not set, so the account work of parrot is not opened.",
  );
  const missing = "channels.parrot.accounts.work.bot_token is not set";
  const shown = await until("it to be known", () => row(gateway, "work"));
  expect(shown).toMatchObject({ running: false, lastError: missing });
  expect((await health(gateway)).body["reasons"]).toEqual({ "parrot/work": missing });
  expect(parrots.triesOf("work")).toBe(0);
});
