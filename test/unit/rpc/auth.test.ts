import { allScopes } from "#protocol";
import { checkToken } from "#rpc";
import { expect, test } from "bun:test";
import { addressGroup } from "../../../src/rpc/address.ts";
import { HeldSocket, House, openRpc, request, rightToken, peer } from "../../support/rpc-house.ts";
import { until } from "../../support/until.ts";

/** What becomes of one attempt. */
async function attempt(rpc: ReturnType<typeof openRpc>, token: string, address = "127.0.0.1"): Promise<string> {
  try {
    return (await rpc.authenticate({ token }, { address })).isAuthenticated ? "in" : "out";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** One after another. */
const times = async (count: number, act: (i: number) => Promise<string>) => {
  const results: string[] = [];
  for (let i = 0; i < count; i++) results.push(await act(i));
  return results;
};

test("a right token grants everything, a wrong one is refused, none is no attempt", async () => {
  await using rpc = openRpc(new House());
  const caller = await rpc.authenticate({ token: rightToken }, { address: "127.0.0.1" });
  expect([...caller.scopes]).toEqual([...allScopes]);
  expect(await rpc.authenticate({}, { address: "127.0.0.1" })).toMatchObject({
    isAuthenticated: false,
    scopes: new Set(),
  });
  expect(await attempt(rpc, "wrong")).toBe("unauthorized");
  expect(await times(50, () => attempt(rpc, ""))).toEqual(Array<string>(50).fill("out"));
  expect(await attempt(rpc, rightToken)).toBe("in");
});

test("after ten wrong tokens within a minute an address is locked out for five, the right token included", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  expect(await times(12, (i) => attempt(rpc, `wrong-${i}`))).toEqual([
    ...Array<string>(10).fill("unauthorized"),
    "lockedOut",
    "lockedOut",
  ]);
  expect(await attempt(rpc, rightToken)).toBe("lockedOut");
  expect(await attempt(rpc, rightToken, "192.0.2.1")).toBe("in");
  house.clock.ms += 299_999;
  await expect(rpc.authenticate({ token: rightToken }, { address: "127.0.0.1" })).rejects.toThrow(
    "try again in 1 seconds",
  );
  house.clock.ms += 1;
  expect(await attempt(rpc, rightToken)).toBe("in");
});

test("the minute slides: nine wrong tokens, a minute, nine more do not lock out, and a right one between forgives nothing", async () => {
  const house = new House();
  await using rpc = openRpc(house);
  await times(9, () => attempt(rpc, "wrong"));
  house.clock.ms += 60_000;
  expect(await times(9, () => attempt(rpc, "wrong"))).not.toContain("lockedOut");
  house.clock.ms += 59_000;
  expect(await attempt(rpc, rightToken)).toBe("in");
  await attempt(rpc, "wrong");
  expect(await attempt(rpc, rightToken)).toBe("lockedOut");
});

test.each([
  ["IPv4 inside IPv6", ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207", "0:0:0:0:0:ffff:192.0.2.7"]],
  ["loopback", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1", "[::1]"]],
  ["one IPv6 network", ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1%eth0"]],
])("%s is one address, however it is spelled", async (_what, spellings) => {
  expect(new Set(spellings.map(addressGroup)).size).toBe(1);
  await using rpc = openRpc(new House());
  await times(10, (i) => attempt(rpc, "wrong", spellings[i % spellings.length]));
  const results = await Promise.all(spellings.map((address) => attempt(rpc, rightToken, address)));
  expect(results).toEqual(spellings.map(() => "lockedOut"));
});

test.each(["192.0.2.7", "::ffff:192.0.2.8", "2001:db8::1", "2001:db8:0:1::1", "fe80::1", "::2", "::", "unknown"])(
  "%s is an address of its own",
  (address) => {
    const others = ["127.0.0.1", "192.0.2.9", "2001:db8:9::1"].map(addressGroup);
    expect(others).not.toContain(addressGroup(address));
  },
);

test("fifty guesses at once, over as many sockets, are ten comparisons", async () => {
  await using rpc = openRpc(new House(), { limits: { strangersOnLoopback: 50 } });
  const sockets = Array.from({ length: 50 }, () => new HeldSocket());
  const lines = sockets.map((socket) => rpc.open(socket, peer()));
  for (const [i, line] of lines.entries()) line.receive(request(1, "connect", { auth: { token: `guess-${i}` } }));
  await until("all answers", () => sockets.every((socket) => socket.closed));
  const names = sockets.map((socket) => socket.answer(1)?.error?.data["name"]);
  expect(names.filter((name) => name === "unauthorized")).toHaveLength(10);
  expect(names.filter((name) => name === "lockedOut")).toHaveLength(40);
  expect(sockets.map((socket) => socket.closed?.code)).toEqual(sockets.map(() => 1008));
});

test("fifty thousand addresses leave nothing to grow", async () => {
  await using rpc = openRpc(new House());
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 50_000; i++) await attempt(rpc, "wrong", `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  Bun.gc(true);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 1024 * 1024);
});

test.each(["", "  ", "undefined", "NULL", "changeme", " padded-token-padded-token ", "token"])(
  "%p cannot be a token, and opens nothing when it is configured",
  async (token) => {
    expect(checkToken(token).ok).toBe(false);
    await using rpc = openRpc(new House(), { token });
    expect(await attempt(rpc, token)).not.toBe("in");
  },
);

test("a short token is warned of, a long one is not", () => {
  expect(checkToken("short-but-mine")).toMatchObject({ ok: true, warning: expect.stringContaining("24 characters") });
  expect(checkToken(rightToken)).toEqual({ ok: true });
});

test.each([
  ["auth.password", { auth: { password: rightToken } }],
  ["auth.token", { auth: { token: rightToken } }],
  ["token", { token: rightToken }],
])("connect takes the token as %s, and it does not show in the answer", async (_where, credential) => {
  await using rpc = openRpc(new House());
  const socket = new HeldSocket();
  const line = rpc.open(socket, peer());
  line.receive(
    request(1, "connect", {
      ...credential,
      client: { id: "cli", version: "2", mode: "x" },
      role: "operator",
    }),
  );
  const { result } = await until("the answer", () => socket.answer(1));
  expect(result).toMatchObject({
    scopes: [...allScopes],
    server: { version: "1.2.3" },
    connectionId: rpc.connections()[0]?.id,
  });
  expect(rpc.connections()[0]).toMatchObject({ isAuthenticated: true, client: "cli 2" });
  expect(socket.texts.join()).not.toContain(rightToken);
});
