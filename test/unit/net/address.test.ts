import { describe, expect, test } from "bun:test";
import { bytesOf, isWithin, rangeOf } from "../../../src/net/address.ts";
import { exceptionsOf } from "../../../src/net/exceptions.ts";
import { isPublic } from "../../../src/net/is-public.ts";

describe("an address", () => {
  test.each([
    ["1.2.3.4", [1, 2, 3, 4]],
    ["::1", [...Array.from({ length: 15 }, () => 0), 1]],
    ["2001:db8::ff00:42:8329", [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42, 0x83, 0x29]],
    ["::ffff:1.2.3.4", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]],
    ["1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ])("%s has its bytes", (text, bytes) => {
    expect([...(bytesOf(text) ?? [])]).toEqual(bytes);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x7f.0.0.1",
    "1.2.3.4 ",
    "fe80::1%eth0",
    ":::",
    "g::1",
    "a.b.c.d",
  ])("%p is none", (text) => {
    expect(bytesOf(text)).toBeUndefined();
  });
});

test.each([
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["172.16.0.0/12", "172.31.255.255", true],
  ["172.16.0.0/12", "172.32.0.0", false],
  ["2001::/23", "2001:1ff::1", true],
  ["2001::/23", "2001:200::1", false],
  ["0.0.0.0/0", "8.8.8.8", true],
  ["0.0.0.0/0", "::1", false],
  ["1.2.3.4", "1.2.3.5", false],
])("the range %s holds %s: %p", (text, address, isHeld) => {
  const [range, bytes] = [rangeOf(text), bytesOf(address)];
  if (!range || !bytes) throw new Error("not read");
  expect(isWithin(bytes, range)).toBe(isHeld);
});

test.each(["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", "files.test/8"])(
  "%s is no range",
  (text) => {
    expect(rangeOf(text)).toBeUndefined();
  },
);

describe("SEC-53: not public is", () => {
  test.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "0:0:0:0:0:ffff:7f00:1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:c0a8:101",
  ])("%s", (text) => {
    const bytes = bytesOf(text);
    expect(bytes && isPublic(bytes)).toBe(false);
  });

  test.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.0.1",
    "172.32.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::5e",
  ])("but not %s", (text) => {
    const bytes = bytesOf(text);
    expect(bytes && isPublic(bytes)).toBe(true);
  });
});

describe("an exception", () => {
  const exceptions = exceptionsOf(["bot.internal:8081", "files.internal", "10.1.0.0/16", "::1", "[::1]:8081"]);

  test.each([
    ["http://bot.internal:8081/x", true],
    ["http://bot.internal/x", false],
    ["http://bot.internal:8082/x", false],
    ["https://files.internal:9/x", true],
    ["https://FILES.internal/", true],
    ["http://[::1]:8081/", true],
  ])("of a host is for %s: %p", (url, isOne) => {
    expect(exceptions.hasHost(new URL(url))).toBe(isOne);
  });

  test.each(["https://evil-files.internal/", "https://files.internal.evil/", "https://x.files.internal/"])(
    "SEC-59: of a host is not for %s",
    (url) => {
      expect(exceptions.hasHost(new URL(url))).toBe(false);
    },
  );

  test("of a range is for what lies in it", () => {
    const has = ["10.1.2.3", "10.2.2.3", "::1", "::2"].map((text) =>
      exceptions.hasAddress(bytesOf(text) ?? new Uint8Array()),
    );
    expect(has).toEqual([true, false, true, false]);
  });

  test.each(["http://a.b/", "a/b", "user@host", "", "a b", "host?"])("is not %p", (text) => {
    expect(() => exceptionsOf([text])).toThrow("is no host");
  });
});
