import type { Connection, OutboundMessage } from "#channels";
import { describe, expect, test } from "bun:test";
import { type ApiFault, FakeDiscord } from "../../support/fake-discord.ts";
import { type OpenDiscord, openDiscord } from "../../support/open-discord.ts";
import { until } from "../../support/until.ts";

const neverAborted = new AbortController().signal;

interface House extends AsyncDisposable {
  readonly discord: FakeDiscord;
  readonly bot: OpenDiscord;
  readonly connection: Connection;
  readonly chat: string;
  readonly to: OutboundMessage["to"];
}

async function openHouse(): Promise<House> {
  const discord = await FakeDiscord.open();
  const bot = await openDiscord(discord);
  await until("a session", () => discord.gateway.isConnected && bot.connection.state === "online");
  const chat = discord.guild.open("text", "general");
  return {
    discord,
    bot,
    connection: bot.connection,
    chat,
    to: { channel: "discord", account: "bot", chat },
    [Symbol.asyncDispose]: async () => {
      await bot[Symbol.asyncDispose]();
      await discord[Symbol.asyncDispose]();
    },
  };
}

test("a message arrives under the id that is told, and calls nobody", async () => {
  await using house = await openHouse();
  const { discord, connection, chat, to } = house;
  const quoted = discord.guild.write(chat, discord.guild.join("ada"), "hm?");
  const sent = await connection.send(
    { to, text: "@everyone **hi**", clientKey: "k", replyTo: quoted.id },
    neverAborted,
  );
  const [, message] = discord.messages(chat);
  expect(sent).toEqual({ messageId: message?.id ?? "" });
  expect(message).toMatchObject({ content: "@\u200Beveryone **hi**", referenced_message: { id: quoted.id } });
  expect(discord.api.calls.at(-1)?.body).toMatchObject({ allowed_mentions: { parse: [], replied_user: false } });
});

test("an answer to a message that is gone is still sent", async () => {
  await using house = await openHouse();
  const { discord, connection, chat, to } = house;
  const replyTo = discord.guild.snowflake();
  await connection.send({ to, text: "late", clientKey: "k", replyTo }, neverAborted);
  expect(discord.messages(chat).map(({ content }) => content)).toEqual(["late"]);
});

test("what goes to a thread goes to the thread, not to the chat that it lies in", async () => {
  await using house = await openHouse();
  const { discord, connection, chat, to } = house;
  const thread = discord.guild.thread(chat, "aside");
  await connection.send({ to: { ...to, thread }, text: "psst", clientKey: "k" }, neverAborted);
  await connection.typing?.({ ...to, thread }, neverAborted);
  expect(discord.messages(chat)).toEqual([]);
  expect(discord.messages(thread).map(({ content }) => content)).toEqual(["psst"]);
  expect(discord.api.typing).toEqual([thread]);
});

test("files arrive with name and type", async () => {
  await using house = await openHouse();
  const { discord, connection, to } = house;
  const files = [{ name: "a.txt", mimeType: "text/plain", bytes: new TextEncoder().encode("hello") }];
  await connection.send({ to, text: "", clientKey: "k", files }, neverAborted);
  const call = discord.api.calls.findLast(({ method }) => method === "POST");
  expect(call?.files.map(({ name, type }) => [name, type.split(";")[0]])).toEqual([["a.txt", "text/plain"]]);
  expect(await call?.files[0]?.text()).toBe("hello");
});

test.each([
  ["data that is too long", [[{ label: "x", data: "x".repeat(101) }]], "at most 100 characters"],
  ["too many buttons", [Array.from({ length: 6 }, () => ({ label: "x", data: "x" }))], "at most 5 rows of 5 buttons"],
])("buttons with %s are refused before they are sent", async (_what, buttons, problem) => {
  await using house = await openHouse();
  const { discord, connection, chat, to } = house;
  const answer = await connection.send({ to, text: "?", clientKey: "k", buttons }, neverAborted);
  expect(answer).toEqual({ refused: "forGood", problem: expect.stringContaining(problem) });
  expect(discord.messages(chat)).toEqual([]);
});

describe("Discord's no", () => {
  const limited: ApiFault = {
    status: 429,
    headers: { "retry-after": "3" },
    body: { message: "You are being rate limited.", retry_after: 3, global: false },
  };

  test("a limit is told with the time to wait, and does not hold up the caller", async () => {
    await using house = await openHouse();
    const { discord, connection, to } = house;
    discord.api.fail(/^POST/, limited);
    const answer = await connection.send({ to, text: "hi", clientKey: "k" }, neverAborted);
    expect(answer).toMatchObject({ refused: "forNow" });
    const waitMs = "retryAfterMs" in answer ? (answer.retryAfterMs ?? 0) : 0;
    expect(waitMs).toBeGreaterThanOrEqual(3_000);
    expect(waitMs).toBeLessThan(4_000);
  });

  test("a limit for all of the bot is told as well, also to the next one", async () => {
    await using house = await openHouse();
    const { discord, connection, to } = house;
    discord.api.fail(/^POST/, {
      ...limited,
      headers: { "retry-after": "3", "x-ratelimit-global": "true", "x-ratelimit-scope": "global" },
    });
    const first = await connection.send({ to, text: "hi", clientKey: "k" }, neverAborted);
    const second = await connection.send({ to, text: "hi", clientKey: "l" }, neverAborted);
    for (const answer of [first, second]) {
      expect(answer).toMatchObject({ refused: "forNow", retryAfterMs: expect.any(Number) });
    }
    expect(discord.api.calls.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  test("a chat that is gone, closed to us, or a text that never fits is refused for good", async () => {
    await using house = await openHouse();
    const { discord, connection, chat, to } = house;
    const gone = { ...to, chat: discord.guild.snowflake() };
    expect(await connection.send({ to: gone, text: "hi", clientKey: "1" }, neverAborted)).toEqual({
      refused: "forGood",
      problem: "Discord said no: Unknown Channel (10003, HTTP 404).",
    });
    expect(await connection.send({ to, text: "x".repeat(2_001), clientKey: "2" }, neverAborted)).toMatchObject({
      refused: "forGood",
    });
    discord.guild.forbidden.add(chat);
    expect(await connection.send({ to, text: "hi", clientKey: "3" }, neverAborted)).toMatchObject({
      refused: "forGood",
      problem: expect.stringContaining("50001"),
    });
  });

  test("a token that was taken back is no fault of the message, and is not tried again", async () => {
    await using house = await openHouse();
    const { discord, connection, to } = house;
    discord.api.fail(/^POST/, { status: 401, body: { message: "401: Unauthorized", code: 0 } });
    const first = await connection.send({ to, text: "hi", clientKey: "k" }, neverAborted);
    const second = await connection.send({ to, text: "hi", clientKey: "k" }, neverAborted);
    expect([first, second]).toMatchObject([
      { refused: "forNow" },
      { refused: "forNow", problem: expect.stringContaining("does not accept the token") },
    ]);
    expect(discord.api.calls.filter(({ method }) => method === "POST")).toHaveLength(1);
  });
});

describe("when nobody knows whether Discord has it,", () => {
  const doubts: readonly (readonly [string, ApiFault, number])[] = [
    ["the line broke before", "brokenBefore", 0],
    ["the line broke after", "brokenAfter", 1],
    ["Discord itself failed", { status: 502 }, 0],
  ];

  test.each(doubts)("%s: it rejects, and the next try leaves one message", async (_why, fault, there) => {
    await using house = await openHouse();
    const { discord, connection, chat, to } = house;
    const message = { to, text: "once", clientKey: crypto.randomUUID() };
    discord.api.fail(/^POST/, fault);
    const failure = await connection.send(message, neverAborted).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(Bun.inspect(failure)).not.toContain(discord.token);
    expect(discord.messages(chat)).toHaveLength(there);
    const again = await connection.send(message, neverAborted);
    expect(discord.messages(chat).map(({ id }) => ({ messageId: id }))).toEqual([again as { messageId: string }]);
  });

  test("an answer that makes no sense is no success", async () => {
    await using house = await openHouse();
    house.discord.api.fail(/^POST/, { status: 200, body: { ok: true } });
    const sent = house.connection.send({ to: house.to, text: "hi", clientKey: "k" }, neverAborted);
    expect(sent).rejects.toThrow("makes no sense");
  });

  test("who cancels is told so at once", async () => {
    await using house = await openHouse();
    const cancelled = AbortSignal.abort(new Error("we are closing"));
    expect(house.connection.send({ to: house.to, text: "hi", clientKey: "k" }, cancelled)).rejects.toThrow(
      "we are closing",
    );
  });

  test("the token of an interaction is in no error", async () => {
    await using house = await openHouse();
    const { discord, bot, connection, chat } = house;
    discord.command(chat, discord.guild.join("ada"), "ask");
    const command = await until("the command", () => bot.updates.find((update) => update.type === "command"));
    const ticket = command.type === "command" ? command.reply : undefined;
    if (!ticket) throw new Error("no ticket");
    discord.api.fail(/^PATCH/, "brokenBefore");
    const message = { to: command.from, text: "because", clientKey: "k", ticket };
    const failure = await connection.send(message, neverAborted).catch((error: unknown) => error);
    expect(Bun.inspect(failure)).not.toContain("interaction-");
    await connection.send(message, neverAborted);
    expect(discord.messages(chat).map(({ content }) => content)).toEqual(["because"]);
  });
});

test("a message of ours can be written anew, reacted to and taken back; another's cannot", async () => {
  await using house = await openHouse();
  const { discord, connection, chat, to } = house;
  const sent = await connection.send({ to, text: "draft", clientKey: "k" }, neverAborted);
  if (!("messageId" in sent)) throw new Error("not sent");
  const posted = { to, messageId: sent.messageId };
  expect(await connection.edit?.(posted, "final", neverAborted)).toBeUndefined();
  expect(discord.messages(chat).map(({ content }) => content)).toEqual(["final"]);
  await connection.react?.(posted, { emoji: "👀", isAdded: true }, neverAborted);
  expect(discord.api.reactions.get(posted.messageId)).toEqual(["👀"]);
  await connection.react?.(posted, { emoji: "👀", isAdded: false }, neverAborted);
  expect(discord.api.reactions.get(posted.messageId)).toEqual([]);
  const other = discord.guild.write(chat, discord.guild.join("ada"), "mine");
  expect(await connection.edit?.({ to, messageId: other.id }, "yours", neverAborted)).toMatchObject({
    refused: "forGood",
  });
  expect(await connection.delete?.(posted, neverAborted)).toBeUndefined();
  expect(await connection.delete?.(posted, neverAborted)).toBeUndefined();
});

test("a probe tells who we are there", async () => {
  await using house = await openHouse();
  expect(await house.connection.probe?.(neverAborted)).toEqual({ name: "openclaw", id: house.discord.guild.bot.id });
});
