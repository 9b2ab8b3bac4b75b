import { Secret } from "#base";
import { expect, test } from "bun:test";
import type { OutboundMessage, WebhookRequest } from "#channels";
import { openWebhook } from "../../src/channels/webhook/open.ts";
import { createSigning, type SigningName } from "../../src/channels/webhook/signing.ts";
import { FakeReceiver } from "../support/fake-receiver.ts";
import { AccountHouse } from "../support/open-account.ts";

const signal = new AbortController().signal;
const secrets = {
  "hmac-sha256": "a secret of sixteen characters",
  "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
} as const satisfies Record<SigningName, string>;
const both = Object.keys(secrets) as SigningName[];

async function open(signature: SigningName = "hmac-sha256", url?: string) {
  const house = new AccountHouse();
  const settings = { secret: new Secret(secrets[signature]), signature, ...(url === undefined ? {} : { url }) };
  const connection = await openWebhook(house.options(settings));
  return {
    house,
    connection,
    take: (request: WebhookRequest) => connection.take?.(request) ?? Promise.reject(new Error("takes nothing")),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function signed(
  message: unknown,
  {
    signature = "hmac-sha256",
    atMs = Date.now(),
    headers = {},
  }: {
    readonly signature?: SigningName;
    readonly atMs?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): WebhookRequest {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  const proof = createSigning(signature, secrets[signature]).sign("msg_1", body, atMs);
  return {
    method: "POST",
    path: "",
    headers: new Headers({ ...proof, ...headers }),
    body: new TextEncoder().encode(body),
  };
}

const incoming = { id: "m1", chat: "room", sender: { id: "u1", name: "Ann" }, text: "**hi**" };

test.each(both)("a message signed by %s is taken, and answered when it is stored", async (signature) => {
  await using hook = await open(signature);
  expect(await hook.take(signed(incoming, { signature }))).toEqual({ status: 202 });
  expect(hook.house.got).toMatchObject([
    {
      type: "message",
      id: "m1",
      messageId: "m1",
      from: { channel: "webhook", account: "work", chat: "room" },
      place: { kind: "direct" },
      sender: { id: "u1", name: "Ann", isBot: false },
      text: "**hi**",
      attachments: [],
      isToUs: true,
    },
  ]);
});

test("everything that can be said of a message is kept", async () => {
  await using hook = await open();
  const full = {
    ...incoming,
    sender: "u1",
    thread: "t",
    at: 1_000,
    kind: "channel",
    isToUs: false,
    more: "is ignored",
  };
  await hook.take(signed(full));
  expect(hook.house.got).toMatchObject([
    { at: 1_000, from: { chat: "room", thread: "t" }, place: { kind: "channel" }, sender: { id: "u1" }, isToUs: false },
  ]);
});

test.each(
  both.flatMap((signature) => {
    const names =
      signature === "hmac-sha256"
        ? ["x-openclaw-signature", "x-openclaw-timestamp"]
        : ["webhook-signature", "webhook-timestamp"];
    const [sign = "", time = ""] = names;
    return [
      [signature, "no signature", { headers: { [sign]: "" } }],
      [signature, "a signature in another spelling", { headers: { [sign]: "sha256=00" } }],
      [signature, "an old signature", { atMs: Date.now() - 301_000 }],
      [signature, "a signature of the future", { atMs: Date.now() + 302_000 }],
      [
        signature,
        "another time than the signed one",
        { headers: { [time]: String(Math.floor(Date.now() / 1000) - 2) } },
      ],
    ] as const;
  }),
)("SEC-61: signed by %s, %s is turned away before anything is read", async (signature, _what, options) => {
  await using hook = await open(signature);
  expect(await hook.take(signed(incoming, { signature, ...options }))).toMatchObject({ status: 401 });
  expect(await hook.take(signed("no json", { signature, ...options }))).toMatchObject({ status: 401 });
  expect(hook.house.got).toBeEmpty();
});

test("a Standard Webhooks signature is for its id alone", async () => {
  await using hook = await open("standard-webhooks");
  const signature = "standard-webhooks";
  expect(await hook.take(signed(incoming, { signature, headers: { "webhook-id": "msg_2" } }))).toMatchObject({
    status: 401,
  });
});

test("the example of the Standard Webhooks specification is signed as it says, also beside an older secret's", () => {
  const signing = createSigning("standard-webhooks", secrets["standard-webhooks"]);
  const atMs = 1_614_265_330_000;
  const body = '{"test": 2432232314}';
  const expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  expect(signing.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", body, atMs)["webhook-signature"]).toBe(expected);
  const headers = new Headers({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": `v1,${"A".repeat(43)}= ${expected}`,
  });
  expect(signing.isSigned(headers, new TextEncoder().encode(body), atMs + 299_000)).toBe(true);
  expect(signing.isSigned(headers, new TextEncoder().encode(`${body} `), atMs)).toBe(false);
});

test("what is not a message is refused with the place of the fault", async () => {
  await using hook = await open();
  expect(await hook.take(signed("no json"))).toMatchObject({ status: 400 });
  expect(await hook.take(signed({ ...incoming, id: "" }))).toMatchObject({
    status: 400,
    body: expect.stringContaining("/id"),
  });
  expect(await hook.take(signed({ ...incoming, sender: {} }))).toMatchObject({
    status: 400,
    body: expect.stringContaining("/sender"),
  });
  expect(await hook.take({ ...signed(incoming), method: "GET" })).toMatchObject({ status: 405 });
});

test("what could not be stored is to be sent again, under the same id", async () => {
  await using hook = await open();
  hook.house.before = () => Promise.reject(new Error("the disk is full"));
  expect(await hook.take(signed(incoming))).toMatchObject({ status: 503 });
  hook.house.before = async () => {};
  expect(await hook.take(signed(incoming))).toEqual({ status: 202 });
  expect(hook.house.got.map(({ id }) => id)).toEqual(["m1"]);
});

test("REL-11: a hundred copies at once are handed over once, and each is answered", async () => {
  await using hook = await open();
  const stored = Promise.withResolvers<void>();
  hook.house.before = () => stored.promise;
  const answers = Array.from({ length: 100 }, () => hook.take(signed(incoming)));
  stored.resolve();
  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([202]));
  expect(hook.house.got).toHaveLength(1);
});

test("more than can wait is left with the sender", async () => {
  await using hook = await open();
  const stored = Promise.withResolvers<void>();
  hook.house.before = () => stored.promise;
  const answers = Array.from({ length: 300 }, (_, i) => hook.take(signed({ ...incoming, id: `m${i}` })));
  stored.resolve();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 202)).toHaveLength(256);
  expect(statuses.filter((status) => status === 503)).toHaveLength(44);
});

const outgoing: OutboundMessage = {
  to: { channel: "webhook", chat: "room", thread: "t" },
  text: "*hi*",
  clientKey: "key-1",
};

test.each(both)("an answer is posted, signed by %s, and named by the receiver", async (signature) => {
  await using receiver = new FakeReceiver();
  await using hook = await open(signature, receiver.url);
  receiver.next({ status: 200, body: '{"messageId":"r7"}' });
  const files = [{ name: "a.txt", mimeType: "text/plain", bytes: Buffer.from("one") }];
  expect(await hook.connection.send({ ...outgoing, files }, signal)).toEqual({ messageId: "r7" });
  const [posted] = receiver.got;
  expect(posted?.json).toEqual({
    id: "key-1",
    chat: "room",
    thread: "t",
    text: "*hi*",
    files: [{ name: "a.txt", mimeType: "text/plain", base64: "b25l" }],
  });
  const body = new TextEncoder().encode(posted?.body);
  expect(
    createSigning(signature, secrets[signature]).isSigned(posted?.headers ?? new Headers(), body, Date.now()),
  ).toBe(true);
});

test.each([[""], ["thanks"], ['{"messageId":""}'], ["[]"]])(
  "a receiver that names nothing (%j) has it under the key",
  async (body) => {
    await using receiver = new FakeReceiver();
    await using hook = await open("hmac-sha256", receiver.url);
    receiver.next({ status: body === "" ? 204 : 200, ...(body === "" ? {} : { body }) });
    expect(await hook.connection.send(outgoing, signal)).toEqual({ messageId: "key-1" });
  },
);

test.each([
  [410, {}, { refused: "forGood" }],
  [422, {}, { refused: "forGood" }],
  [429, { "retry-after": "7" }, { refused: "forNow", retryAfterMs: 7_000 }],
  [503, {}, { refused: "forNow" }],
  [401, {}, { refused: "forNow" }],
  [302, { location: "http://127.0.0.1:1/" }, { refused: "forNow", problem: expect.stringContaining("not followed") }],
])("%d is a refusal", async (status, headers, expected) => {
  await using receiver = new FakeReceiver();
  await using hook = await open("hmac-sha256", receiver.url);
  receiver.next({ status, headers });
  expect(await hook.connection.send(outgoing, signal)).toMatchObject(expected);
  expect(receiver.got).toHaveLength(1);
});

test("a lost answer leaves it in doubt, and the next try carries the same id", async () => {
  await using receiver = new FakeReceiver();
  await using hook = await open("hmac-sha256", receiver.url);
  receiver.next({ cut: true });
  await expect(hook.connection.send(outgoing, signal)).rejects.toThrow();
  await hook.connection.send(outgoing, signal);
  expect(receiver.got.map(({ json }) => json["id"])).toEqual(["key-1", "key-1"]);
});

test("without an address there is no way out", async () => {
  await using hook = await open();
  expect(await hook.connection.send(outgoing, signal)).toMatchObject({
    refused: "forGood",
    problem: expect.stringContaining("url"),
  });
});

test.each([
  [{ secret: new Secret("short"), signature: "hmac-sha256" }, "at least 16"],
  [{ secret: new Secret("whsec_c2hvcnQ="), signature: "standard-webhooks" }, "24 to 64 bytes"],
  [
    { secret: new Secret(secrets["hmac-sha256"]), signature: "hmac-sha256", url: "file:///etc/passwd" },
    "must begin with https",
  ],
] as const)("SEC-60: settings that cannot work are refused", async (settings, words) => {
  expect(openWebhook(new AccountHouse().options(settings))).rejects.toThrow(words);
});
