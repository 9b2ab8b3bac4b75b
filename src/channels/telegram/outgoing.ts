import { InputFile } from "grammy";
import type {
  InlineKeyboardMarkup,
  InputMediaAudio,
  InputMediaDocument,
  InputMediaPhoto,
  InputMediaVideo,
} from "grammy/types";
import type { OutboundFile, OutboundMessage, SendRefusal } from "../channel.ts";
import type { BotApi, BotSignal } from "./bot.ts";
import { type Rendered, rendered } from "./text.ts";

/** Where a message goes; the rest of a request is made for it. */
export interface Target {
  readonly chat_id: number | string;
  readonly message_thread_id?: number;
}

/** One request of those that a message takes. */
export interface Step {
  /** Gives the id of the message, the first one of several. */
  readonly ask: (api: BotApi, target: Target, signal: BotSignal) => Promise<number>;
  /** What to do instead when Telegram refuses it in words like these. */
  readonly otherwise?: readonly { readonly on: RegExp; readonly step: Step }[];
}

const longestCaption = 1_024;
const longestData = 64;
const mostInGroup = 10;
const mostBytes = 50 * 1024 * 1024;
const badMarks = /entit/i;

/** The requests that a message takes: mostly one. */
export function stepsOf(message: OutboundMessage): readonly Step[] | SendRefusal {
  const { buttons = [], files = [] } = message;
  const text = rendered(message.text);
  const problem = problemOf(message, text);
  if (problem !== undefined) return { refused: "forGood", problem };
  const extras = { ...replyOf(message), ...(buttons.length > 0 ? { reply_markup: keyboardOf(buttons) } : {}) };
  const isCaption =
    files.length > 0 && text.text.length <= longestCaption && (files.length === 1 || buttons.length === 0);
  if (files.length === 0 || (!isCaption && text.text !== "")) {
    return [textStep(text, extras), ...filesSteps(files, none, {})];
  }
  return filesSteps(files, text, extras);
}

type Extras = ReturnType<typeof replyOf> & { readonly reply_markup?: InlineKeyboardMarkup };

const none: Rendered = { text: "", entities: [] };

function problemOf({ buttons = [], files = [] }: OutboundMessage, { text }: Rendered): string | undefined {
  if (text === "" && files.length === 0) return "There is nothing to send.";
  if (buttons.length > 0 && text === "" && files.length !== 1)
    return "Telegram shows buttons below a text or one file alone.";
  if (buttons.flat().some(({ data }) => Buffer.byteLength(data) > longestData)) {
    return `Telegram takes at most ${longestData} bytes as a button's data.`;
  }
  const large = files.find((file) => file.bytes.byteLength > mostBytes);
  return large ? `Telegram takes files of at most ${mostBytes} bytes; ${large.name} is larger.` : undefined;
}

function textStep({ text, entities }: Rendered, extras: Extras): Step {
  const step: Step = {
    ask: async (api, target, signal) => {
      const marks = entities.length > 0 ? { entities: [...entities] } : {};
      return (await api.sendMessage({ ...target, text, ...marks, ...extras }, signal)).message_id;
    },
  };
  return entities.length > 0
    ? { ...step, otherwise: [{ on: badMarks, step: textStep({ text, entities: [] }, extras) }] }
    : step;
}

function filesSteps(files: readonly OutboundFile[], text: Rendered, extras: Extras): readonly Step[] {
  const [first, ...others] = Array.from({ length: Math.ceil(files.length / mostInGroup) }, (_, i) =>
    files.slice(i * mostInGroup, (i + 1) * mostInGroup),
  );
  if (!first) return [];
  return [bundleStep(first, text, extras), ...others.map((bundle) => bundleStep(bundle, none, {}))];
}

function bundleStep(files: readonly OutboundFile[], text: Rendered, extras: Extras): Step {
  const [file] = files;
  if (file && files.length === 1)
    return withPlainCaption((caption) => fileStep(file, kindOf(file), { ...caption, ...extras }), text);
  return withPlainCaption((caption) => groupStep(files, caption, extras), text);
}

type Caption = ReturnType<typeof captionOf>;

function captionOf({ text, entities }: Rendered) {
  return {
    ...(text === "" ? {} : { caption: text }),
    ...(entities.length > 0 ? { caption_entities: [...entities] } : {}),
  };
}

function withPlainCaption(make: (caption: Caption) => Step, text: Rendered): Step {
  const step = make(captionOf(text));
  if (text.entities.length === 0) return step;
  const plain = make(captionOf({ text: text.text, entities: [] }));
  return { ...step, otherwise: [...(step.otherwise ?? []), { on: badMarks, step: plain }] };
}

type FileKind = "photo" | "voice" | "audio" | "video" | "document";

function fileStep(file: OutboundFile, kind: FileKind, more: Caption & Extras): Step {
  const ask: Step["ask"] = async (api, target, signal) => {
    const input = inputOf(file);
    const sent = await {
      photo: () => api.sendPhoto({ ...target, photo: input, ...more }, signal),
      voice: () => api.sendVoice({ ...target, voice: input, ...more }, signal),
      audio: () => api.sendAudio({ ...target, audio: input, ...more }, signal),
      video: () => api.sendVideo({ ...target, video: input, ...more }, signal),
      document: () => api.sendDocument({ ...target, document: input, ...more }, signal),
    }[kind]();
    return sent.message_id;
  };
  const disliked = dislikes[kind];
  return disliked ? { ask, otherwise: [{ on: disliked, step: fileStep(file, "document", more) }] } : { ask };
}

/** Telegram measures pictures, and people may want no voice messages; a document is taken of what is refused so. */
const dislikes: Partial<Record<FileKind, RegExp>> = { photo: /PHOTO|IMAGE/, voice: /VOICE_MESSAGES_FORBIDDEN/ };

function groupStep(files: readonly OutboundFile[], caption: Caption, extras: Extras): Step {
  const kinds = files.map(kindOf);
  const only = (...allowed: FileKind[]) => kinds.every((kind) => allowed.includes(kind));
  return {
    ask: async (api, target, signal) => {
      const media = files.map((file, i) => ({ media: inputOf(file), ...(i === 0 ? caption : {}) }));
      const to = { ...target, ...replyIn(extras) };
      const sent = only("photo", "video")
        ? await api.sendMediaGroup({ ...to, media: media.map((one, i) => visual(kinds[i] === "video", one)) }, signal)
        : only("audio")
          ? await api.sendMediaGroup(
              { ...to, media: media.map((one): InputMediaAudio => ({ type: "audio", ...one })) },
              signal,
            )
          : await api.sendMediaGroup(
              { ...to, media: media.map((one): InputMediaDocument => ({ type: "document", ...one })) },
              signal,
            );
      return sent[0]?.message_id ?? Number.NaN;
    },
  };
}

function visual(isVideo: boolean, one: { readonly media: InputFile }): InputMediaPhoto | InputMediaVideo {
  return isVideo ? { type: "video", ...one } : { type: "photo", ...one };
}

const kindsByType: readonly (readonly [RegExp, FileKind])[] = [
  [/^image\/(jpeg|png|webp)$/, "photo"],
  [/^audio\/(ogg|opus)$/, "voice"],
  [/^audio\/(mpeg|mp4|m4a|x-m4a|aac)$/, "audio"],
  [/^video\/mp4$/, "video"],
];
const largestPhoto = 10 * 1024 * 1024;

/** What Telegram plays as a voice message. */
const speech = /^audio\/(ogg|opus|mpeg|mp4|m4a|x-m4a)$/;

function kindOf({ asVoice, bytes, mimeType }: OutboundFile): FileKind {
  const type = mimeType.toLowerCase().split(";")[0]?.trim() ?? "";
  if (asVoice && speech.test(type)) return "voice";
  const kind = kindsByType.find(([pattern]) => pattern.test(type))?.[1] ?? "document";
  return kind === "photo" && bytes.byteLength > largestPhoto ? "document" : kind;
}

/** The library writes the name into a header as it is. */
function inputOf({ bytes, name }: OutboundFile): InputFile {
  const safe = name.replaceAll(/[\p{Cc}";\\/]/gu, "_").trim();
  return new InputFile(bytes, safe === "" ? "file" : safe);
}

function replyOf({ replyTo }: OutboundMessage) {
  const id = Number(replyTo);
  if (replyTo === undefined || !Number.isSafeInteger(id)) return {};
  return { reply_parameters: { message_id: id, allow_sending_without_reply: true } };
}

function replyIn({ reply_parameters: reply }: Extras) {
  return reply ? { reply_parameters: reply } : {};
}

function keyboardOf(buttons: NonNullable<OutboundMessage["buttons"]>): InlineKeyboardMarkup {
  return {
    inline_keyboard: buttons.map((row) => row.map(({ data, label }) => ({ text: label, callback_data: data }))),
  };
}
