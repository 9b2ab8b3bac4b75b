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
  return bot.file(path, { mostBytes: most, timeoutMs: patienceMs, signal });
}

function tooLarge(most: number): Error {
  return new Error(`The file is larger than ${most} bytes.`);
}
