import { expect, test } from "bun:test";
import { FakeDiscord } from "../support/fake-discord.ts";
import { type FakeModel, type Reply, startFakeModel } from "../support/fake-model.ts";
import { FakeSlack } from "../support/fake-slack.ts";
import { FakeTelegram } from "../support/fake-telegram.ts";
import { fakeModelConfig, type GatewayProcess, startGateway } from "../support/gateway-process.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

interface Town extends AsyncDisposable {
  readonly telegram: FakeTelegram;
  readonly discord: FakeDiscord;
  readonly slack: FakeSlack;
  readonly model: FakeModel;
  readonly gateway: GatewayProcess;
  /** What each turn was asked, in order. */
  readonly asked: () => readonly string[];
}

const image = (n: number) => new Uint8Array([0x89, 0x50, 0x4e, 0x47, n]);

/** The executable with an account of each platform, all of them online. */
async function openTown(script: Reply[] | ((text: string) => Reply)): Promise<Town> {
  await using opened = new AsyncDisposableStack();
  const telegram = opened.use(new FakeTelegram());
  const discord = opened.use(await FakeDiscord.open());
  const slack = opened.use(new FakeSlack());
  const model = opened.use(
    startFakeModel({
      script: Array.isArray(script) ? script : (call) => script(call.messages.at(-1)?.text ?? ""),
    }),
  );
  const home = opened.use(tempFolder());
  const open = `dm_policy = "open"\nallow_from = ["*"]\ngroup_policy = "open"\npace = "off"`;
  const config = [
    fakeModelConfig(model.url),
    `[session]\ndm_scope = "per-channel-peer"`,
    `[channels.telegram]\ntoken = "${telegram.token}"\napi_root = "${telegram.url}"\n${open}`,
    `[channels.discord]\ntoken = "${discord.token}"\napi_base = "${discord.apiBase}"\n${open}`,
    `[channels.slack]\nbot_token = "${slack.botToken}"\napp_token = "${slack.appToken}"\napi_url = "${slack.apiUrl}"\n${open}`,
  ].join("\n");
  const gateway = opened.use(await startGateway({ home: home.path, config }));
  await until("every line", () => telegram.updates.isPolled && discord.gateway.isConnected && slack.socket.links > 0);
  const held = opened.move();
  return {
    telegram,
    discord,
    slack,
    model,
    gateway,
    asked: () => model.requests.map(({ messages }) => messages.at(-1)?.text ?? ""),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Three photos as Telegram brings them: an update each, of which the first has the caption. */
function sayAlbum(telegram: FakeTelegram, caption: object, more: object = {}): void {
  for (const n of [1, 2, 3]) {
    telegram.file(`photo${n}`, image(n));
    const photo = [{ file_id: `photo${n}`, file_unique_id: `u${n}`, width: 90, height: 90, file_size: 5 }];
    telegram.says("", {
      message_id: 100 + n,
      text: undefined,
      photo,
      media_group_id: "album",
      ...(n === 1 && caption),
      ...more,
    });
  }
}

const call = (name: string, args: object): Reply => ({ parts: [{ toolCall: { id: name, name, args } }] });
const told = (text: string) => text.match(/\[attached: [^\]]*\]/g) ?? [];

test("an album of Telegram is one turn that names all of its photos", async () => {
  await using town = await openTown(() => "nice");
  sayAlbum(town.telegram, { caption: "look" });
  await until("the answer", () => town.telegram.chats.shown.length > 0);
  expect(town.asked()).toHaveLength(1);
  const [text = ""] = town.asked();
  expect(text).toStartWith("look\n");
  expect(told(text)).toHaveLength(3);
  for (const line of told(text)) expect(line).toMatch(/image\/png, 5 bytes, blob [0-9a-f]{64}/);
  expect(new Set(told(text)).size).toBe(3);
});

test("an album in a group is for us as a whole when its caption mentions us", async () => {
  await using town = await openTown(() => "nice");
  const chat = { id: -100_5, type: "supergroup", title: "Engines" } as const;
  town.telegram.put({ chat });
  const caption = "@molty_bot look";
  const caption_entities = [{ type: "mention", offset: 0, length: 10 }];
  sayAlbum(town.telegram, { caption, caption_entities }, { chat });
  await until("the answer", () => town.telegram.chats.shown.length > 0);
  expect(town.asked()).toHaveLength(1);
  expect(told(town.asked()[0] ?? "")).toHaveLength(3);
});

test("three files of one message of Slack's or Discord's are one turn that names them all", async () => {
  await using town = await openTown(() => "nice");
  const { slack, discord } = town;
  const names = ["a.png", "b.png", "c.png"];
  for (const [n, name] of names.entries()) {
    slack.world.files.set(`F${n}`, { id: `F${n}`, name, bytes: image(n) });
    discord.api.files.set(`/attachments/${n}/${name}`, image(n));
  }
  slack.say("look", {
    channel: "D1",
    channel_type: "im",
    subtype: "file_share",
    files: names.map((name, n) => ({
      id: `F${n}`,
      name,
      mimetype: "image/png",
      size: 5,
      url_private_download: `${slack.origin}/files/F${n}`,
    })),
  });
  await until("Slack's answer", () => slack.messages("D1").length > 1);
  const room = discord.guild.open("direct", "");
  discord.say(room, discord.guild.user("ada"), "look", {
    attachments: names.map((filename, n) => ({
      id: String(n),
      filename,
      size: 5,
      content_type: "image/png",
      proxy_url: "",
      url: `${discord.url}/attachments/${n}/${filename}`,
    })),
  });
  await until("Discord's answer", () => discord.messages(room).length > 1);
  expect(town.asked()).toHaveLength(2);
  for (const text of town.asked()) {
    expect(told(text).map((line) => /image (\S+);/.exec(line)?.[1])).toEqual(names);
    expect(text).toContain("5 bytes, blob ");
  }
});

test("a document that somebody sends is saved into the workspace, read, and sent back", async () => {
  const path = "inbox/plan.txt";
  const answers: readonly ((text: string) => Reply)[] = [
    (text) => call("save_attachment", { blob: /blob ([0-9a-f]{64})/.exec(text)?.[1] }),
    () => call("read", { path }),
    (text) => (text === "the plan" ? call("send_file", { path }) : text),
    () => "there it is",
  ];
  let step = 0;
  await using town = await openTown((text) => answers[step++]?.(text) ?? text);
  const { telegram } = town;
  const bytes = new TextEncoder().encode("the plan");
  telegram.file("d1", bytes);
  const document = { file_id: "d1", file_unique_id: "u1", file_name: "plan.txt", file_size: bytes.length };
  telegram.says("", { text: undefined, document });
  await until("the answer", () => telegram.chats.shown.some(({ text }) => text === "there it is"));
  expect(town.asked().slice(1, 3)).toEqual([`Saved as ${path} (text/plain, 8 bytes).`, "the plan"]);
  expect(telegram.chats.shown[0]?.files).toMatchObject([{ as: "document", name: "plan.txt", bytes }]);
});

test("two files that one turn sends come before its answer, each once, on every platform", async () => {
  const files = ["one.txt", "two.txt"];
  const callFor = (tool: string, args: (path: string) => object): Reply => ({
    parts: files.map((path, n) => ({ toolCall: { id: `${tool}${n}`, name: tool, args: args(path) } })),
  });
  const turn = [
    callFor("write", (path) => ({ path, content: `this is ${path}` })),
    callFor("send_file", (path) => ({ path })),
    "both sent",
  ];
  await using town = await openTown([...turn, ...turn, ...turn]);
  const { telegram, discord, slack } = town;
  telegram.says("send two");
  await until("Telegram's answer", () => telegram.chats.shown.some(({ text }) => text === "both sent"));
  const documents = telegram.chats.shown.map((shown) => shown.text ?? "file");
  expect(documents).toEqual(["file", "file", "both sent"]);
  slack.say("send two", { channel: "D1", channel_type: "im" });
  const bySlack = () => slack.messages("D1").filter(({ user }) => user === slack.world.me.user);
  await until("Slack's answer", () => bySlack().some(({ text }) => text === "both sent"));
  expect(bySlack().flatMap((message) => message.files?.map(({ name }) => name) ?? [])).toEqual(files);
  expect(bySlack().at(-1)?.text).toBe("both sent");
  const room = discord.guild.open("direct", "");
  discord.say(room, discord.guild.user("ada"), "send two");
  await until("Discord's answer", () => discord.messages(room).some(({ content }) => content === "both sent"));
  const sent = discord.api.calls.flatMap((one) => one.files);
  expect(sent.map(({ name }) => name)).toEqual(files);
  expect(await Promise.all(sent.map((file) => file.text()))).toEqual(files.map((name) => `this is ${name}`));
});
