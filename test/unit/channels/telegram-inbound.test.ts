import { describe, expect, test } from "bun:test";
import type { Update } from "grammy/types";
import { checkIncoming } from "../../../src/channels/telegram/incoming.ts";
import { toUpdates } from "../../../src/channels/telegram/translate.ts";

type Message = NonNullable<Update["message"]>;

const me = { id: 4_711, username: "molty_bot" };
const molty = { id: 4_711, is_bot: true, first_name: "Molty", username: "molty_bot" } as const;
const ada = { id: 42, is_bot: false, first_name: "Ada", last_name: "L", username: "ada" };
const direct = { id: 42, type: "private", first_name: "Ada" } as const;
const group = { id: -1_001_234_567_890, type: "supergroup", title: "Engines" } as const;
const forum = { ...group, is_forum: true } as const;
const date = 1_790_000_000;

/** Reads an update that the library's types call possible. */
function read(update: Omit<Update, "update_id">) {
  const checked = checkIncoming({ update_id: 9, ...update });
  if (!checked.isGood) throw new Error(checked.problem);
  return toUpdates(checked.incoming, {
    account: "main",
    me,
    fetchFile: async (file, most) => Buffer.from(`${file.file_id} ${most}`),
    now: () => 5,
  });
}

function readMessage(more: Partial<Message>) {
  return read({ message: { message_id: 7, date, chat: group, from: ada, ...more } });
}

function mention(text: string, offset = 0, length = "@molty_bot".length) {
  return { text, entities: [{ type: "mention" as const, offset, length }] };
}

test("a message becomes one of ours", () => {
  expect(read({ message: { message_id: 7, date, chat: direct, from: ada, text: "hello" } })).toEqual([
    {
      type: "message",
      id: "9",
      at: date * 1_000,
      from: { channel: "telegram", account: "main", chat: "42" },
      place: { kind: "direct" },
      sender: { id: "42", name: "Ada L", username: "ada", isBot: false },
      messageId: "7",
      text: "hello",
      attachments: [],
      isToUs: false,
    },
  ]);
});

test("what is said in a forum belongs to its topic, or to the general one", () => {
  const [general] = readMessage({ chat: forum, text: "hi" });
  expect(general).toMatchObject({ place: { kind: "group", mainThread: "1" } });
  expect(general?.from).not.toHaveProperty("thread");
  expect(readMessage({ chat: group, text: "hi" })[0]?.place).not.toHaveProperty("mainThread");
});

describe("who it is for", () => {
  test.each<[string, Partial<Message>, boolean, string]>([
    ["nobody", { text: "hello" }, false, "hello"],
    ["us, by a mention in front", mention("@molty_bot, do it"), true, "do it"],
    ["us, in other letters", mention("@Molty_Bot do it"), true, "do it"],
    ["us, by a mention further on", mention("ask @molty_bot now", 4), true, "ask @molty_bot now"],
    ["somebody else", mention("@other_bot do it"), false, "@other_bot do it"],
    ["nobody, by a name that is no mention", { text: "@molty_bot do it" }, false, "@molty_bot do it"],
    ["us, with nothing said", mention("@molty_bot"), true, ""],
    [
      "us, by our name",
      { text: "Molty do it", entities: [{ type: "text_mention", offset: 0, length: 5, user: molty }] },
      true,
      "do it",
    ],
    [
      "us, below a picture",
      {
        caption: "@molty_bot look",
        caption_entities: [{ type: "mention", offset: 0, length: 10 }],
        photo: [{ file_id: "p", file_unique_id: "u", width: 1, height: 1 }],
      },
      true,
      "look",
    ],
  ])("%s", (_who, message, isToUs, text) => {
    expect(readMessage(message)).toMatchObject([{ type: "message", isToUs, text }]);
  });

  test("an answer to a message of ours is for us, and quotes it", () => {
    const answered = { message_id: 5, date, chat: group, from: molty, text: "shall I?" };
    const [update] = readMessage({ text: "yes", reply_to_message: answered as never });
    expect(update).toMatchObject({
      isToUs: true,
      quoted: { messageId: "5", text: "shall I?", isOurs: true, sender: { id: "4711", isBot: true } },
    });
  });

  test("of a message that is answered in part, that part is quoted", () => {
    const answered = { message_id: 5, date, chat: group, from: ada, text: "one two three" };
    const [update] = readMessage({
      text: "why?",
      reply_to_message: answered as never,
      quote: { text: "two", position: 4 },
    });
    expect(update).toMatchObject({ isToUs: false, quoted: { text: "two", isOurs: false } });
  });

  test("what stands in a topic answers nothing by that, also when we opened the topic", () => {
    const opened = { message_id: 3, date, chat: forum, from: molty, forum_topic_created: {} };
    const message = { chat: forum, text: "hi", message_thread_id: 3, is_topic_message: true as const };
    const [update] = readMessage({ ...message, reply_to_message: opened as never });
    expect(update).toMatchObject({ isToUs: false, from: { chat: String(forum.id), thread: "3" } });
    expect(update).not.toHaveProperty("quoted");
  });

  test("a chain of answers outside of forums is no thread", () => {
    const [update] = readMessage({ text: "hi", message_thread_id: 3 });
    expect(update?.from).not.toHaveProperty("thread");
  });
});

test("what is marked is markdown, what only looks like it is not", () => {
  const text = "so *not* bold, but bold and code";
  const entities = [
    { type: "bold" as const, offset: 19, length: 4 },
    { type: "code" as const, offset: 28, length: 4 },
  ];
  expect(readMessage({ text, entities })).toMatchObject([{ text: "so \\*not\\* bold, but **bold** and `code`" }]);
});

test("marks stay where they are when the mention in front goes", () => {
  const text = "@molty_bot, do it";
  const entities = [
    { type: "mention" as const, offset: 0, length: 10 },
    { type: "bold" as const, offset: 15, length: 2 },
  ];
  expect(readMessage({ text, entities })).toMatchObject([{ text: "do **it**" }]);
});

function command(text: string, length: number) {
  return { text, entities: [{ type: "bot_command" as const, offset: 0, length }] };
}

describe("commands", () => {
  test.each<[string, Partial<Message>, object[]]>([
    ["with words", command("/model gpt_5 *now*", 6), [{ type: "command", name: "model", args: "gpt_5 *now*" }]],
    ["alone", command("/start", 6), [{ type: "command", name: "start", args: "" }]],
    ["for us by name", command("/Help@Molty_bot", 15), [{ type: "command", name: "help", args: "" }]],
    ["for another bot", command("/help@other_bot me", 15), []],
    ["that is none to Telegram", { text: "/etc/passwd" }, [{ type: "message", text: "/etc/passwd" }]],
    [
      "passed on from somebody",
      { ...command("/stop", 5), forward_origin: { type: "hidden_user", sender_user_name: "x", date } },
      [{ type: "message", text: "/stop" }],
    ],
  ])("%s", (_what, message, expected) => {
    const updates = readMessage(message);
    expect(updates).toHaveLength(expected.length);
    expect(updates).toMatchObject(expected);
  });
});

describe("who wrote it", () => {
  const stranger = { id: 1_087_968_824, is_bot: true, first_name: "Group", username: "GroupAnonymousBot" };

  test("people that write in a chat's name are that chat, and not the stand-in they all share", () => {
    const [update] = readMessage({ text: "hi", from: stranger, sender_chat: group });
    expect(update?.sender).toEqual({ id: String(group.id), name: "Engines", isBot: false });
  });

  test("a post has the channel as its sender", () => {
    const channel = { id: -1_009, type: "channel", title: "News", username: "news" } as const;
    const [update] = read({
      channel_post: { message_id: 7, date, chat: channel, sender_chat: channel, text: "hi" },
    });
    expect(update).toMatchObject({
      place: { kind: "channel", title: "News" },
      sender: { id: "-1009", username: "news" },
    });
  });

  test("what we wrote ourselves is no message", () => {
    expect(readMessage({ text: "hi", from: molty })).toEqual([]);
  });
});

describe("files", () => {
  const sized = { file_id: "f", file_unique_id: "u", file_size: 11 };
  test.each<[string, object, object]>([
    [
      "a picture, in its largest size",
      {
        photo: [
          { ...sized, file_id: "small" },
          { ...sized, file_id: "large" },
        ],
      },
      { id: "large", kind: "image", mimeType: "image/jpeg", bytes: 11 },
    ],
    [
      "a document",
      { document: { ...sized, file_name: "a.pdf", mime_type: "application/pdf" } },
      { id: "f", kind: "file", name: "a.pdf", mimeType: "application/pdf" },
    ],
    ["a voice message", { voice: { ...sized, duration: 3 } }, { kind: "voice", mimeType: "audio/ogg" }],
    ["music", { audio: { ...sized, duration: 3, mime_type: "audio/mpeg" } }, { kind: "audio", mimeType: "audio/mpeg" }],
    ["a video", { video: { ...sized, width: 1, height: 1, duration: 1 } }, { kind: "video" }],
    ["a round video", { video_note: { ...sized, length: 1, duration: 1 } }, { kind: "video" }],
    ["an animation, once", { animation: sized, document: sized }, { kind: "video" }],
    [
      "a sticker",
      { sticker: { ...sized, emoji: "🦞", is_animated: false, is_video: false } },
      { kind: "image", mimeType: "image/webp" },
    ],
  ])("%s", (_what, content, expected) => {
    const [update, ...others] = readMessage(content);
    expect(others).toEqual([]);
    if (update?.type !== "message") throw new Error("no message");
    expect(update.attachments).toHaveLength(1);
    expect(update.attachments[0]).toMatchObject(expected);
  });

  test("are read through the bot, as far as is asked", async () => {
    const [update] = readMessage({ document: sized });
    if (update?.type !== "message") throw new Error("no message");
    const bytes = await update.attachments[0]?.fetch(77, new AbortController().signal);
    expect(Buffer.from(bytes ?? []).toString()).toBe("f 77");
  });

  test("of an album carry its name", () => {
    const photo = [{ ...sized, width: 1, height: 1 }];
    expect(readMessage({ photo, media_group_id: "g1" })).toMatchObject([{ bundle: "g1" }]);
  });
});

test.each<[string, object, string]>([
  [
    "a place",
    { venue: { title: "Café", address: "Rue 1" }, location: { latitude: 1.5, longitude: 2 } },
    "[place: Café, Rue 1, 1.5, 2]",
  ],
  ["coordinates", { location: { latitude: 1.5, longitude: -2 } }, "[location: 1.5, -2]"],
  ["a contact", { contact: { first_name: "Bob", phone_number: "+1" } }, "[contact: Bob, +1]"],
  ["a poll", { poll: { question: "Tea?", options: [{ text: "yes" }, { text: "no" }] } }, "[poll: Tea? — yes / no]"],
  ["a dice", { dice: { emoji: "🎲", value: 6 } }, "🎲 6"],
  ["a sticker's emoji", { sticker: { file_id: "s", emoji: "🦞", is_animated: false, is_video: true } }, "🦞"],
])("%s is told in words", (_what, content, text) => {
  expect(readMessage(content as Partial<Message>)).toMatchObject([{ type: "message", text }]);
});

test("that somebody came or a title changed is no message", () => {
  expect(readMessage({ new_chat_members: [ada] })).toEqual([]);
  expect(readMessage({ new_chat_title: "x" })).toEqual([]);
});

test("a message that was written anew is told as that", () => {
  const edited = { message_id: 7, date, edit_date: date + 5, chat: group, from: ada, ...mention("@molty_bot better") };
  expect(read({ edited_message: edited })).toMatchObject([
    { type: "edited", id: "9", messageId: "7", text: "better", isToUs: true },
  ]);
});

test("a pressed button is told with who pressed it and where", () => {
  const message = { message_id: 7, date: 0, chat: forum, message_thread_id: 3, is_topic_message: true };
  const updates = read({
    callback_query: { id: "q", from: ada, chat_instance: "c", data: "yes:1", message: message },
  });
  expect(updates).toMatchObject([
    {
      type: "button",
      data: "yes:1",
      messageId: "7",
      from: { chat: String(group.id), thread: "3" },
      sender: { id: "42" },
      at: 5,
    },
  ]);
});

test("reactions that came and went are updates of their own", () => {
  const thumb = { type: "emoji", emoji: "👍" } as const;
  const heart = { type: "emoji", emoji: "❤" } as const;
  const own = { type: "custom_emoji", custom_emoji_id: "77" } as const;
  const reacted = {
    chat: group,
    message_id: 7,
    user: ada,
    date,
    old_reaction: [thumb, heart],
    new_reaction: [heart, own],
  };
  expect(read({ message_reaction: reacted })).toMatchObject([
    { type: "reaction", id: "9", messageId: "7", emoji: "👍", isAdded: false },
    { type: "reaction", id: "9.1", messageId: "7", emoji: "custom:77", isAdded: true },
  ]);
});

test.each<[string, unknown, number | undefined]>([
  ["no object", "hello", undefined],
  ["no number", { message: {} }, undefined],
  [
    "a sender without an id",
    { update_id: 9, message: { message_id: 1, date, chat: direct, from: { first_name: "x" } } },
    9,
  ],
  [
    "a chat of no kind",
    { update_id: 9, message: { message_id: 1, date, chat: { id: 1, type: "x" }, text: "secret" } },
    9,
  ],
  [
    "an entity before the beginning",
    {
      update_id: 9,
      message: {
        message_id: 1,
        date,
        chat: direct,
        from: ada,
        text: "secret",
        entities: [{ type: "bold", offset: -1, length: 1 }],
      },
    },
    9,
  ],
])("an update with %s is named without its content", (_what, raw, id) => {
  const checked = checkIncoming(raw);
  if (checked.isGood) throw new Error("it was taken");
  expect(checked.id).toBe(id as never);
  expect(checked.problem).not.toContain("secret");
});
