import { expect, test } from "bun:test";
import { isPrivateHost } from "../../../src/cli/client/private-host.ts";

const privateUrls = [
  "ws://127.0.0.1",
  "ws://0x7f.1",
  "ws://localhost",
  "ws://a.localhost",
  "ws://10.1.2.3",
  "ws://172.16.0.1",
  "ws://172.31.255.255",
  "ws://192.168.1.1",
  "ws://169.254.1.1",
  "ws://100.64.0.1",
  "ws://100.127.255.255",
  "ws://[::1]",
  "ws://[fd12::1]",
  "ws://[fe80::1]",
  "ws://[::ffff:192.168.0.1]",
  "ws://nas.local",
  "ws://gw.internal",
  "ws://gw.home.arpa",
];
const publicUrls = [
  "ws://8.8.8.8",
  "ws://172.15.0.1",
  "ws://172.32.0.1",
  "ws://192.169.0.1",
  "ws://100.63.0.1",
  "ws://100.128.0.1",
  "ws://0.0.0.0",
  "ws://[2001:db8::1]",
  "ws://[::ffff:8.8.8.8]",
  "ws://[fc::1]",
  "ws://gateway.example",
  "ws://localhost.evil.example",
  "ws://127.0.0.1.evil.example",
  "ws://10.0.0.1.nip.io",
  "ws://local",
  "ws://gateway",
];

test.each(privateUrls)("%s is private", (url) => {
  expect(isPrivateHost(new URL(url).hostname)).toBeTrue();
});

test.each(publicUrls)("%s is not", (url) => {
  expect(isPrivateHost(new URL(url).hostname)).toBeFalse();
});
