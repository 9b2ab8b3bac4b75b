import { isIP as nodeIsIP } from "node:net";
import { expect, test } from "bun:test";
import { isIP } from "../../../src/http/ip-address.ts";

const addresses = [
  "127.0.0.1 0.0.0.0 255.255.255.255 256.1.1.1 1.2.3 1.2.3.4. 01.2.3.4 1.2.3.4.5 1..2.3 1.2.3.-4 4294967295 0x7f.1",
  ":: ::1 1:: fe80::1 ::ffff:127.0.0.1 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 ::1::2 ::ffff:1.2.3 g::1",
  "localhost example.org [::1] fe80::1%eth0 12345::1 : 1 ::1/64",
].flatMap((line) => line.split(" "));

test.each(["", " ", ...addresses])("“%s” is the address that Node takes it for", (text) => {
  // Zone ids are the one difference: no peer's address and no Host header may carry one here.
  expect(isIP(text)).toBe(text.includes("%") ? 0 : (nodeIsIP(text) as 0 | 4 | 6));
});
