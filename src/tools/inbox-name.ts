import { clip } from "#base";

const mostCharacters = 100;
const mostEndingCharacters = 12;
/** Names of files are bounded in bytes, and a number must still fit. */
const mostBytes = 200;

/** What a file is called in the inbox: what its sender called it, as far as that is the name of a file everywhere. */
export function inboxName(name: string | undefined, mimeType: string): string {
  const plain = (name ?? "")
    .toWellFormed()
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029\ufffd/\\<>:"|?*[\]]+/gu, " ")
    .replaceAll(/\s+/g, " ")
    .replace(/^[.\s-]+/, "")
    .replace(/[.\s]+$/, "");
  if (plain === "") return `file${endings[mimeType] ?? ""}`;
  return shortened(devices.test(plain) ? `_${plain}` : plain);
}

/** The same name with a number, before its ending. */
export function numbered(name: string, n: number): string {
  if (n === 1) return name;
  const { stem, ending } = parts(name);
  return `${stem}-${n}${ending}`;
}

/** What Windows takes for a machine, whatever comes after the point. */
const devices = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;

const endings: Readonly<Record<string, string>> = {
  "application/gzip": ".gz",
  "application/pdf": ".pdf",
  "application/zip": ".zip",
  "audio/flac": ".flac",
  "audio/mp4": ".m4a",
  "audio/mpeg": ".mp3",
  "audio/ogg": ".ogg",
  "audio/wav": ".wav",
  "image/gif": ".gif",
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "text/plain": ".txt",
  "video/mp4": ".mp4",
  "video/webm": ".webm",
};

/** Its ending stays, because programs go by it. */
function shortened(name: string): string {
  const { stem, ending } = parts(name);
  let short = clip(stem, mostCharacters - ending.length).trimEnd();
  while (Buffer.byteLength(short + ending) > mostBytes) short = clip(short, short.length - 1);
  return short + ending;
}

function parts(name: string): { readonly stem: string; readonly ending: string } {
  const at = name.lastIndexOf(".");
  if (at < 1 || name.length - at > mostEndingCharacters) return { stem: name, ending: "" };
  return { stem: name.slice(0, at), ending: name.slice(at) };
}
