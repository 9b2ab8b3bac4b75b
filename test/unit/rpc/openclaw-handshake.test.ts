import { allScopes } from "#protocol";
import { expect, test } from "bun:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { connectParams, OpenClawSocket } from "../../support/openclaw-socket.ts";
import { HeldSocket, House, openRpc, request, rightToken, peer as peerWith } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

const client = (id: string, mode: string) => ({ client: { id, mode, version: "1", platform: "linux" } });
const cli = client("cli", "cli");

test("a socket is challenged first, each with another nonce, and JSON-RPC goes on beside it", async () => {
  await using rpc = openRpc(new House());
  const [a, b] = [new OpenClawSocket(rpc), new OpenClawSocket(rpc)];
  expect(JSON.parse(a.socket.challenge)).toEqual({
    type: "event",
    event: "connect.challenge",
    payload: { nonce: expect.stringMatching(/^[0-9a-f-]{36}$/), ts: 1_700_001_000_000 },
  });
  expect(a.challenge.nonce).not.toBe(b.challenge.nonce);
  b.line.receive(request(1, "ping"));
  const answer = await until("the answer", () => b.socket.answer(1));
  expect(answer.result).toMatchObject({ pong: true });
});

test("who brings the token with the upgrade hears JSON-RPC alone", async () => {
  await using rpc = openRpc(new House());
  const { socket, line } = new OpenClawSocket(rpc, { token: rightToken });
  line.receive(request(1, "status"));
  await until("the answer", () => socket.answer(1));
  expect(socket.challenge).toBe("");
  expect(socket.texts).toHaveLength(1);
});

test("hello says what is served, and grants what was asked", async () => {
  await using rpc = openRpc(new House());
  const socket = await OpenClawSocket.connected(rpc, ["operator.write", "operator.nonsense", "operator.read"]);
  const { payload } = await socket.answer("0");
  expect(payload).toMatchObject({
    type: "hello-ok",
    protocol: 4,
    server: { version: "1.2.3", connId: expect.any(String) },
    auth: { role: "operator", scopes: ["operator.write", "operator.read"] },
    policy: { maxPayload: 1024 * 1024, tickIntervalMs: 30_000 },
    snapshot: { health: { ok: true }, stateVersion: { presence: 0, health: 0 } },
  });
  expect(payload?.["snapshot"]).not.toHaveProperty("authMode");
  expect(rpc.connections()).toMatchObject([{ dialect: "openclaw", client: "gateway-client 1", isAuthenticated: true }]);
});

test.each([
  [
    "a request that is no connect",
    '{"type":"req","id":"1","method":"health"}',
    1008,
    "invalid handshake: first request must be connect",
  ],
  ["a frame that is no request", '{"type":"res","id":"1","ok":true}', 1008, "invalid request frame"],
  ["a request without an id", '{"type":"req","method":"connect"}', 1008, "invalid request frame"],
])("first %s ends it", async (_what, text, code, reason) => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc);
  socket.line.receive(text);
  expect(await until("the close", () => socket.socket.closed)).toEqual({ code, reason });
});

test("a first frame may hold 64 KiB, also where a header had the token", async () => {
  await using rpc = openRpc(new House());
  for (const peer of [{}, { token: rightToken }]) {
    const socket = new OpenClawSocket(rpc, peer);
    socket.line.receive(JSON.stringify({ type: "req", id: "1", method: "connect", params: "x".repeat(65_536) }));
    expect((await until("the close", () => socket.socket.closed)).code).toBe(1009);
  }
});

test.each<[string, Record<string, unknown>, string, string | undefined, number]>([
  ["an older protocol", { minProtocol: 2, maxProtocol: 3 }, "INVALID_REQUEST", "PROTOCOL_MISMATCH", 1002],
  ["a later protocol", { minProtocol: 5, maxProtocol: 6 }, "INVALID_REQUEST", "PROTOCOL_MISMATCH", 1002],
  ["an unknown role", { role: "worker" }, "INVALID_REQUEST", undefined, 1008],
  ["an unknown client", client("mine", "cli"), "INVALID_REQUEST", undefined, 1008],
  [
    "the page without a device",
    client("openclaw-control-ui", "webchat"),
    "INVALID_REQUEST",
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    1008,
  ],
  [
    "the terminal client without a device",
    client("openclaw-tui", "ui"),
    "INVALID_REQUEST",
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    1008,
  ],
  [
    "a node without a device",
    { ...client("node-host", "node"), role: "node" },
    "NOT_PAIRED",
    "DEVICE_IDENTITY_REQUIRED",
    1008,
  ],
  ["a wrong token", { auth: { token: "wrong" } }, "INVALID_REQUEST", "AUTH_TOKEN_MISMATCH", 1008],
  ["no token", { auth: {} }, "INVALID_REQUEST", "AUTH_TOKEN_MISSING", 1008],
])("%s is refused, and the socket closed", async (_what, change, code, detail, closeWith) => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc, { isPage: true });
  socket.connect(change);
  const { ok, error } = await socket.answer("0");
  expect(ok).toBe(false);
  expect(error).toMatchObject({ code, ...(detail !== undefined && { details: { code: detail } }) });
  expect(socket.socket.closed).toEqual({ code: closeWith, reason: error?.message ?? "" });
  expect(rpc.connections()).toEqual([]);
  expect(socket.socket.texts.join("")).not.toContain(rightToken);
});

test("what does not fit in a connect is named by its place", async () => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc);
  socket.connect({ client: { id: "cli", mode: "cli", platform: "linux" } });
  expect((await socket.answer("0")).error?.message).toStartWith("invalid connect params: at /client/version: ");
});

test.each<[string, Record<string, unknown>]>([
  ["a probe", { ...client("openclaw-probe", "probe"), minProtocol: 3, maxProtocol: 3 }],
  ["a probe that speaks both", { ...client("cli", "probe"), minProtocol: 3, maxProtocol: 4 }],
])("%s of the older protocol comes in, and may do nothing but look", async (_what, change) => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc);
  socket.connect({ ...change, scopes: ["operator.read"] });
  expect((await socket.answer("0")).payload).toMatchObject({ protocol: 4, auth: { scopes: [] } });
  expect((await socket.ask("health")).error).toMatchObject({ code: "FORBIDDEN" });
});

test("a node of the older protocol is understood, and told that it is not paired", async () => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc);
  socket.connect({ ...client("node-host", "node"), role: "node", minProtocol: 3, maxProtocol: 3 });
  expect((await socket.answer("0")).error?.code).toBe("NOT_PAIRED");
});

test.each<[string, Record<string, unknown>, string, readonly string[]]>([
  ["the command line", cli, "127.0.0.1", ["operator.admin"]],
  ["a program", client("gateway-client", "backend"), "::1", ["operator.admin"]],
  ["a test", client("test", "test"), "127.0.0.1", []],
  ["the command line in another mode", client("cli", "ui"), "127.0.0.1", []],
  ["a program on another machine", client("gateway-client", "backend"), "192.0.2.1", []],
])("%s without a device, with the token, keeps what it may", async (_who, change, address, scopes) => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc, { address });
  socket.connect({ ...change, scopes: ["operator.admin"] });
  expect((await socket.answer("0")).payload?.["auth"]).toMatchObject({ scopes });
});

test("the token may be in the field of the password", async () => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc);
  socket.connect({ auth: { token: "typed into both", password: rightToken } });
  expect((await socket.answer("0")).ok).toBe(true);
});

test("wrong tokens of both dialects count together, a wrong one in both fields once, and then the right one waits", async () => {
  await using rpc = openRpc(new House());
  for (let i = 0; i < 5; i++) await rpc.authenticate({ token: "wrong" }, { address: "127.0.0.1" }).catch(() => "wrong");
  for (let i = 0; i < 5; i++) {
    const socket = new OpenClawSocket(rpc);
    socket.connect({ auth: { token: "wrong", password: "wrong" } });
    expect((await socket.answer("0")).error?.details?.["code"]).toBe("AUTH_TOKEN_MISMATCH");
  }
  const locked = new OpenClawSocket(rpc);
  locked.connect();
  expect((await locked.answer("0")).error).toMatchObject({
    details: { code: "AUTH_RATE_LIMITED", recommendedNextStep: "wait_then_retry" },
    retryable: true,
    retryAfterMs: 300_000,
  });
});

test("without authentication a program of this machine comes in, the command line needs a device", async () => {
  await using rpc = openRpc(new House(), { mode: "none" });
  const program = new OpenClawSocket(rpc, { isIn: true });
  program.connect({ auth: {}, scopes: ["operator.read"] });
  expect((await program.answer("0")).payload?.["auth"]).toMatchObject({ scopes: ["operator.read"] });
  const refused = new OpenClawSocket(rpc, { isIn: true });
  refused.connect({ ...cli, auth: {} });
  expect((await refused.answer("0")).error).toMatchObject({
    code: "NOT_PAIRED",
    details: { code: "DEVICE_IDENTITY_REQUIRED" },
  });
});

test("before hello nothing is told and nothing is done, also where nobody is asked for a token", async () => {
  const house = new House();
  await using rpc = openRpc(house, { mode: "none" });
  const socket = new OpenClawSocket(rpc, { isIn: true });
  socket.connect({ auth: {}, scopes: [...allScopes] });
  house.append("main", { kind: "StateChanged", key: "label", value: "x" });
  socket.send("1", "health");
  await socket.answer("1");
  expect(socket.frames.map(({ id, event }) => id ?? event)).toEqual(["0", "1"]);
});

test("what is sent behind connect waits for it, but not endlessly", async () => {
  await using rpc = openRpc(new House());
  const patient = new OpenClawSocket(rpc);
  patient.connect({ scopes: ["operator.read"] });
  patient.send("1", "health");
  patient.send("2", "status");
  await patient.answer("2");
  expect(patient.frames.map(({ id, ok }) => [id, ok])).toEqual([
    ["0", true],
    ["1", true],
    ["2", true],
  ]);
  const flooding = new OpenClawSocket(rpc);
  for (let i = 0; i < 40; i++) flooding.connect();
  expect((await until("the close", () => flooding.socket.closed)).code).toBe(1008);
});

test("connect is only for the first request", async () => {
  await using rpc = openRpc(new House());
  const socket = await OpenClawSocket.connected(rpc);
  socket.send("again", "connect", connectParams());
  expect((await socket.answer("again")).error).toEqual({
    code: "INVALID_REQUEST",
    message: "connect is only valid as the first request",
  });
  expect(socket.socket.closed).toBeUndefined();
});

test("a token in the header is a credential too, and its scopes are narrowed like those of any", async () => {
  await using rpc = openRpc(new House());
  const socket = new OpenClawSocket(rpc, { token: rightToken });
  socket.connect({ auth: {}, scopes: ["operator.read"] });
  expect((await socket.answer("0")).payload?.["auth"]).toMatchObject({ scopes: ["operator.read"] });
  expect((await socket.ask("sessions.delete", { key: "main" })).error).toMatchObject({
    code: "FORBIDDEN",
    details: { code: "MISSING_SCOPE", missingScope: "operator.admin" },
  });
});

/** A device with a key of its own, which signs as the terminal client does. */
function signer() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
  const id = new Bun.CryptoHasher("sha256").update(raw).digest("hex");
  return ({ nonce, ts }: { nonce: string; ts: number }, scopes: readonly string[]) => {
    const text = ["v3", id, "openclaw-tui", "ui", "operator", scopes.join(","), ts, rightToken, nonce, "linux", ""];
    const signature = sign(null, Buffer.from(text.join("|")), privateKey).toString("base64url");
    return { id, publicKey: raw.toString("base64url"), signature, signedAt: ts, nonce };
  };
}

test("a device of this machine with the token comes in; of another machine it has to be paired", async () => {
  await using house = new House();
  await using rpc = openRpc(house);
  const signed = signer();
  const scopes = ["operator.read"];
  const here = new OpenClawSocket(rpc);
  const change = { ...client("openclaw-tui", "ui"), scopes };
  here.connect({ ...change, device: signed(here.challenge, scopes) });
  expect((await here.answer("0")).payload?.["auth"]).toMatchObject({ scopes });

  const replayed = new OpenClawSocket(rpc);
  replayed.connect({ ...change, device: signed(here.challenge, scopes) });
  expect((await replayed.answer("0")).error?.details).toMatchObject({
    code: "DEVICE_AUTH_NONCE_MISMATCH",
    reason: "device-nonce-mismatch",
  });

  const widened = new OpenClawSocket(rpc);
  widened.connect({ ...change, scopes: ["operator.admin"], device: signed(widened.challenge, scopes) });
  expect((await widened.answer("0")).error?.details?.["code"]).toBe("DEVICE_AUTH_SIGNATURE_INVALID");

  const elsewhere = new OpenClawSocket(rpc, { address: "192.0.2.1" });
  elsewhere.connect({ ...change, device: signer()(elsewhere.challenge, scopes) });
  expect((await elsewhere.answer("0")).error).toMatchObject({
    code: "NOT_PAIRED",
    details: { code: "PAIRING_REQUIRED", reason: "not-paired" },
  });

  const wrong = new OpenClawSocket(rpc);
  wrong.connect({ ...change, auth: { token: "wrong" }, device: signed(wrong.challenge, scopes) });
  expect((await wrong.answer("0")).ok).toBe(false);
});

test("who went while its connect was read is not kept", async () => {
  await using house = new House();
  await using rpc = openRpc(house, { limits: { presenceMs: 1 } });
  const signed = signer();
  const socket = new OpenClawSocket(rpc);
  const scopes = ["operator.read"];
  socket.connect({ ...client("openclaw-tui", "ui"), scopes, device: signed(socket.challenge, scopes) });
  socket.line.closed();
  const watcher = new HeldSocket();
  rpc.open(watcher, peerWith({ token: rightToken }));
  // Long enough for the signature to have been checked: what comes after it must change nothing.
  await until("the news of the watcher", () => watcher.events("presence").length > 0);
  await Bun.sleep(20);
  expect(watcher.events("presence").at(-1)).toMatchObject({ connections: 1 });
  expect(rpc.connections()).toHaveLength(1);
});
