import { describe, expect, test } from "bun:test";
import { checkExposure, type Interfaces, resolveBind } from "#http";

const at = (address: string) =>
  [
    { address, netmask: "", family: address.includes(":") ? "IPv6" : "IPv4", mac: "", internal: false, cidr: null },
  ] as never;
const home: Interfaces = { lo: at("127.0.0.1"), eth0: at("192.168.1.5") };
const tailnet: Interfaces = { ...home, tailscale0: at("100.101.102.103") };

describe("resolveBind", () => {
  test.each([
    ["loopback", home, "127.0.0.1", true],
    ["lan", home, "0.0.0.0", false],
    ["tailnet", tailnet, "100.101.102.103", false],
    ["auto", tailnet, "100.101.102.103", false],
    ["auto", home, "127.0.0.1", true],
    ["192.168.1.5", home, "192.168.1.5", false],
    ["127.0.0.7", home, "127.0.0.7", true],
    ["::1", home, "::1", true],
    ["[::1]", home, "::1", true],
    ["::", home, "::", false],
  ] as const)("%s leads to an address", (bind, interfaces, hostname, isLoopback) => {
    expect(resolveBind(bind, () => interfaces)).toEqual({ ok: true, hostname, isLoopback });
  });

  test.each([["tailnet"], ["localhost"], ["example.org"], ["127.0.0.1:80"], ["127.1"], ["constructor"]])(
    "%s does not, here",
    (bind) => {
      expect(resolveBind(bind, () => home)).toMatchObject({ ok: false, because: expect.stringContaining(bind) });
    },
  );

  test.each([
    ["100.63.255.255", false],
    ["100.64.0.1", true],
    ["100.99.0.1", true],
    ["100.127.255.254", true],
    ["100.128.0.1", false],
    ["10.100.64.1", false],
  ])("%s is a tailnet address: %p", (address, isTailnet) => {
    expect(resolveBind("tailnet", () => ({ eth0: at(address) })).ok).toBe(isTailnet);
  });
});

describe("checkExposure", () => {
  const outside = { hostname: "0.0.0.0", isLoopback: false };
  const inside = { hostname: "127.0.0.1", isLoopback: true };

  test("nobody is let in unasked from outside", () => {
    expect(checkExposure(outside, "none")).toMatchObject({
      ok: false,
      because: expect.stringContaining("0.0.0.0"),
    });
    expect(checkExposure(inside, "none")).toMatchObject({ ok: true, warning: expect.any(String) });
    expect(checkExposure(outside, "token")).toEqual({ ok: true });
  });
});
