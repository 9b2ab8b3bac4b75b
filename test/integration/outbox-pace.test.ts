import { expect, test } from "bun:test";
import { FakeChannel, pigeon } from "../support/fake-channel.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";
import { Walk } from "../support/walk.ts";

test("a chat gets no more than its platform advises, in order, and other chats do not wait for it", async () => {
  using folder = tempFolder();
  let elapsed = 0;
  const clock = { now: () => Date.now(), elapsed: () => elapsed };
  const channel = new FakeChannel();
  const slow = { ...pigeon, pace: ({ chat }: { readonly chat: string }) => [{ of: chat, most: 2, perMs: 100 }] };
  const line = Object.defineProperty(channel, "channel", { value: slow });
  await using walk = new Walk({ folder: folder.path, channels: [line], clock });
  const post = (chat: string, text: string) =>
    walk.gateway.post("agent:main:main", { to: { channel: "pigeon", chat }, text });
  const got = (chat: string) => channel.got.filter(({ to }) => to.chat === chat).map(({ text }) => text);
  for (const text of ["1", "2", "3", "4", "5"]) await post("busy", text);
  await until("the first two", () => got("busy").length === 2);
  await post("other", "hello");
  await until("the other chat", () => got("other").length === 1);
  expect(got("busy")).toEqual(["1", "2"]);
  elapsed += 100;
  await until("two more", () => got("busy").length === 4);
  elapsed += 100;
  await until("all", () => got("busy").length === 5);
  expect(got("busy")).toEqual(["1", "2", "3", "4", "5"]);
});
