import { expect, test } from "bun:test";
import { join } from "node:path";
import { look } from "../crash/inspect.ts";
import { startFakeModel } from "../support/fake-model.ts";
import { FakeTelegram } from "../support/fake-telegram.ts";
import { fakeModelConfig, type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

const secret = "s3cret_of-the-hook";
const publicName = "bot.example.org";
const path = "/webhooks/telegram/default";
/** Telegram gives up sooner or later, and then sends all of it again. */
const patienceMs = 3_000;

/** What stands between Telegram and the gateway, and knows where that is now: it ends TLS, and keeps the name. */
function openProxy() {
  const state: { gateway?: GatewayProcess | undefined } = {};
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    async fetch(request) {
      if (!state.gateway) return new Response(null, { status: 502 });
      const headers = new Headers(request.headers);
      headers.set("host", publicName);
      const body = await request.bytes();
      const asked = fetch(new URL(new URL(request.url).pathname, state.gateway.url), { method: "POST", headers, body });
      return asked.catch(() => new Response(null, { status: 502 }));
    },
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.port}${path}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  });
}

interface Street extends AsyncDisposable {
  readonly fake: FakeTelegram;
  readonly proxy: ReturnType<typeof openProxy>;
  readonly model: ReturnType<typeof startFakeModel>;
  /** While it is shut, the model says nothing. */
  readonly gate: { wait: Promise<void> };
  readonly database: string;
  start(mode?: "webhook" | "polling"): Promise<GatewayProcess>;
}

function openStreet(): Street {
  const rooms = new AsyncDisposableStack();
  const home = rooms.use(tempFolder()).path;
  const fake = rooms.use(new FakeTelegram());
  const proxy = rooms.use(openProxy());
  const gate = { wait: Promise.resolve() };
  const model = rooms.use(
    startFakeModel({
      script: async ({ messages }) => ({ parts: ["", gate.wait, `echo ${messages.at(-1)?.text}`] }),
    }),
  );
  async function start(mode = "webhook"): Promise<GatewayProcess> {
    const config = `${fakeModelConfig(model.url)}
[gateway]
allowed_hosts = ["${publicName}"]
[channels.telegram]
token = "${fake.token}"
api_root = "${fake.url}"
mode = "${mode}"
webhook_url = "${proxy.url}"
webhook_secret = "${secret}"
dm_policy = "open"
pace = "off"
allow_from = ["*"]
`;
    const gateway = rooms.use(await startGateway({ home, config }));
    proxy.gateway = gateway;
    return gateway;
  }
  const database = join(home, "state/openclaw.db");
  return { fake, proxy, model, gate, database, start, [Symbol.asyncDispose]: () => rooms.disposeAsync() };
}

function update(id: number, text: string): object {
  const ada = { id: 42, is_bot: false, first_name: "Ada" };
  const message = { message_id: id, date: 1_790_000_000, chat: { id: 42, type: "private" }, from: ada, text };
  return { update_id: id, message };
}

async function post({ proxy }: Street, body: object, shown: string | undefined = secret): Promise<number> {
  const headers = {
    "content-type": "application/json",
    ...(shown === undefined ? {} : { "x-telegram-bot-api-secret-token": shown }),
  };
  const signal = AbortSignal.timeout(patienceMs);
  const answer = await fetch(proxy.url, { method: "POST", headers, body: JSON.stringify(body), signal });
  return answer.status;
}

/** How much there is of what a message leaves; what the account keeps for itself, as of its menu, is none of it. */
function rows({ database }: Street): readonly number[] {
  return look(database, (db) =>
    ["events", "receipts", "records WHERE kind <> 'channel-note'", "outbox"].map(
      (table) => db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0,
    ),
  );
}

function texts({ fake }: Street): (string | undefined)[] {
  return fake.chats.shown.map(({ text }) => text);
}

async function isQuiet({ database }: Street): Promise<boolean> {
  return look(database, (db) => {
    const open = "SELECT (SELECT count(*) FROM runs WHERE ended_at IS NULL) + (SELECT count(*) FROM outbox) AS n";
    return db.query<{ n: number }, []>(open).get()?.n === 0;
  });
}

test("Telegram calls the executable by its public name, and who does not know the secret leaves no trace", async () => {
  await using street = openStreet();
  await street.start();
  await until("its address at Telegram", () => street.fake.updates.webhook);
  expect(street.fake.updates.webhook).toEqual({ url: street.proxy.url, secret });
  const before = rows(street);
  expect(await post(street, update(1, "forged"), "another")).toBe(401);
  expect(await post(street, update(2, "forged"), `${secret}x`)).toBe(401);
  expect(await post(street, update(3, "forged"), "")).toBe(401);
  const headers = { "content-type": "application/json" };
  const bare = await fetch(street.proxy.url, { method: "POST", headers, body: JSON.stringify(update(4, "forged")) });
  expect(bare.status).toBe(401);
  expect(rows(street)).toEqual(before);
  street.fake.says("hello");
  await until("the answer", () => texts(street).length > 0);
  expect(texts(street)).toEqual(["echo hello"]);
  await until("Telegram's word for it", () => street.fake.updates.waiting.length === 0);
  expect(street.model.requests).toHaveLength(1);
  expect(street.fake.callsOf("getUpdates")).toEqual([]);
});

test("while the agent is busy each call is answered at once, and one that comes again is the same message, also after a crash", async () => {
  await using street = openStreet();
  const shut = Promise.withResolvers<void>();
  street.gate.wait = shut.promise;
  {
    await using gateway = await street.start();
    await until("its address at Telegram", () => street.fake.updates.webhook);
    expect(await post(street, update(1, "one"))).toBe(200);
    await street.model.received(1);
    const again = await Promise.all(
      [1, 1, 2, 2, 3, 2].map((id) => post(street, update(id, ["", "one", "two", "three"][id] ?? ""))),
    );
    expect(again).toEqual([200, 200, 200, 200, 200, 200]);
    expect(texts(street)).toEqual([]);
    await gateway.stop("SIGKILL");
    street.proxy.gateway = undefined;
  }
  street.fake.says("four"); // while nobody is there
  await until("a call that nobody took", () => street.fake.updates.handedOut.length > 1);
  shut.resolve();
  await street.start();
  await until("all answers", () => texts(street).length >= 4);
  expect(await Promise.all([1, 2, 3].map((id) => post(street, update(id, "once more"))))).toEqual([200, 200, 200]);
  await until("quiet", () => isQuiet(street));
  expect(texts(street)).toHaveLength(4);
  expect(new Set(texts(street))).toEqual(new Set(["echo four", "echo one", "echo three", "echo two"]));
  expect(street.fake.updates.waiting).toEqual([]);
});

test("set back to polling it takes its address away from Telegram, asks, and is not called any more", async () => {
  await using street = openStreet();
  {
    await using gateway = await street.start();
    await until("its address at Telegram", () => street.fake.updates.webhook);
    street.fake.says("called");
    await until("the answer", () => texts(street).length === 1);
    expect(await gateway.stop("SIGTERM")).toBe(0);
    expect(street.fake.updates.webhook).toBeDefined(); // what comes meanwhile waits there
  }
  street.proxy.gateway = undefined;
  street.fake.says("meanwhile");
  await street.start("polling");
  await until("a poll", () => street.fake.updates.isPolled);
  expect(street.fake.updates.webhook).toBeUndefined();
  street.fake.says("asked");
  await until("the answers", () => texts(street).length >= 3);
  await until("quiet", () => isQuiet(street));
  const before = rows(street);
  expect(await post(street, update(900, "too late"))).toBe(404);
  expect(rows(street)).toEqual(before);
  expect(texts(street)).toEqual(["echo called", "echo meanwhile", "echo asked"]);
});
