import { type APIAttachment, type APIMessage, MessageFlags } from "discord-api-types/v10";
import { createGuardedFetch } from "#net";
import type { Attachment } from "../update.ts";

const patienceMs = 120_000;
const guardedFetch = createGuardedFetch();
const cdnHosts: readonly string[] = ["cdn.discordapp.com", "media.discordapp.net"];

/** The hosts that files are read from. Everything else that a message says is a file, is not fetched. */
export function fileHosts(apiBase: string): ReadonlySet<string> {
  const api = new URL(apiBase);
  // A server of one's own serves its files too; Discord's own API does not.
  return new Set(api.host === "discord.com" ? cdnHosts : [...cdnHosts, api.host]);
}

export function attachmentsOf(
  message: Pick<APIMessage, "attachments" | "flags">,
  hosts: ReadonlySet<string>,
): readonly Attachment[] {
  const isVoice = ((message.flags ?? 0) & MessageFlags.IsVoiceMessage) !== 0;
  return message.attachments.map((file) => ({
    id: file.id,
    kind: isVoice ? "voice" : kindOf(file.content_type),
    name: file.filename,
    ...(file.content_type && { mimeType: file.content_type }),
    bytes: file.size,
    fetch: (mostBytes, signal) => read(file, hosts, { mostBytes, signal }),
  }));
}

function kindOf(mimeType = ""): Attachment["kind"] {
  const [major] = mimeType.split("/");
  return major === "image" || major === "audio" || major === "video" ? major : "file";
}

async function read(
  file: APIAttachment,
  hosts: ReadonlySet<string>,
  bounds: { readonly mostBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const url = URL.canParse(file.url) ? new URL(file.url) : undefined;
  const isOurs =
    url !== undefined && hosts.has(url.host) && (url.protocol === "https:" || !cdnHosts.includes(url.host));
  if (!isOurs) throw new Error("The file does not lie with Discord, and is not fetched.");
  if (file.size > bounds.mostBytes) throw new Error(`The file is larger than ${bounds.mostBytes} bytes.`);
  const own = cdnHosts.includes(url.host) ? [] : [url.host];
  const fetched = await guardedFetch({ url, own, mostRedirects: 0, timeoutMs: patienceMs, ...bounds });
  if (!fetched.got) throw new Error(fetched.problem);
  return fetched.bytes;
}
