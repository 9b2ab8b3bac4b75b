import type { Recording } from "./recording.ts";

/** Servers know the kind of a recording by the ending of its name. */
const endings: ReadonlyMap<string, string> = new Map([
  ["audio/flac", "flac"],
  ["audio/mp4", "m4a"],
  ["audio/mpeg", "mp3"],
  ["audio/ogg", "ogg"],
  ["audio/wav", "wav"],
  ["video/mp4", "mp4"],
  ["video/webm", "webm"],
]);

export function fileNameOf({ mimeType }: Pick<Recording, "mimeType">): string {
  return `recording.${endings.get(mimeType) ?? "bin"}`;
}
