import type { Bot } from "./bot.ts";
import type { FileOf } from "./incoming.ts";

/** Telegram gives bots no larger ones. */
const mostOfTelegram = 20 * 1024 * 1024;
const patienceMs = 120_000;

/** Reads a file that somebody sent, and never more of it than was asked for. */
export async function fetchFile(
  bot: Bot,
  file: FileOf,
  limit: { readonly mostBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const most = Math.min(limit.mostBytes, mostOfTelegram);
  if ((file.file_size ?? 0) > most) throw tooLarge(most);
  const signal = AbortSignal.any([limit.signal, AbortSignal.timeout(patienceMs)]);
  const { file_path: path } = await bot.call((api, bounded) => api.getFile({ file_id: file.file_id }, bounded), signal);
  if (path === undefined) throw new Error("Telegram does not say where the file is.");
  const response = await bot.file(path, signal);
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`Telegram does not give the file (status ${response.status}).`);
  }
  return readAll(response.body, most);
}

async function readAll(body: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const read = async () => {
    // Leaving the loop early cancels the stream.
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > most) throw tooLarge(most);
      chunks.push(chunk);
    }
  };
  await read().catch((error: unknown) => {
    throw size > most ? error : new Error("The file did not come through whole.");
  });
  return Buffer.concat(chunks);
}

function tooLarge(most: number): Error {
  return new Error(`The file is larger than ${most} bytes.`);
}
