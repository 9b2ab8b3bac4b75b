import type { Attachment } from "../update.ts";
import type { FileOf, Message } from "./incoming.ts";

/** Reads a file by the platform's id of it. */
export type FetchFile = (file: FileOf, mostBytes: number, signal: AbortSignal) => Promise<Uint8Array>;

type Shown = FileOf & Pick<Attachment, "kind">;

/** The files of a message. Telegram puts one into each, and repeats an animation as a document for old readers. */
export function attachmentsOf(message: Message, fetchFile: FetchFile): readonly Attachment[] {
  return filesOf(message).map(({ kind, ...file }) => ({
    id: file.file_id,
    kind,
    ...(file.file_name === undefined ? {} : { name: file.file_name }),
    ...(file.mime_type === undefined ? {} : { mimeType: file.mime_type }),
    ...(file.file_size === undefined ? {} : { bytes: file.file_size }),
    fetch: (mostBytes, signal) => fetchFile(file, mostBytes, signal),
  }));
}

function filesOf(message: Message): readonly Shown[] {
  const { animation, audio, document, photo, sticker, video, video_note: round, voice } = message;
  const files: (Shown | undefined)[] = [
    // The sizes of one picture, the largest last.
    photo && shown("image", photo.at(-1), "image/jpeg"),
    shown("video", animation ?? video ?? round, "video/mp4"),
    animation ? undefined : shown("file", document),
    shown("audio", audio),
    shown("voice", voice, "audio/ogg"),
    sticker &&
      shown(sticker.is_video ? "video" : sticker.is_animated ? "file" : "image", sticker, stickerType(sticker)),
  ];
  return files.filter((file) => file !== undefined);
}

function shown(kind: Attachment["kind"], file: FileOf | undefined, usualType?: string): Shown | undefined {
  if (!file) return undefined;
  return { ...(usualType === undefined ? {} : { mime_type: usualType }), ...file, kind };
}

function stickerType(sticker: { readonly is_video: boolean; readonly is_animated: boolean }): string {
  if (sticker.is_video) return "video/webm";
  return sticker.is_animated ? "application/x-tgsticker" : "image/webp";
}
