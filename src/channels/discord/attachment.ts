import { type APIAttachment, type APIMessage, MessageFlags } from "discord-api-types/v10";
import type { Attachment } from "../update.ts";

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
  if (file.size > bounds.mostBytes) throw new Error(tooLarge(bounds.mostBytes));
  const response = await fetch(url, { signal: bounds.signal, redirect: "error" });
  if (!response.ok) throw new Error(`Discord does not hand out the file (HTTP ${response.status}).`);
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of response.body ?? []) {
    total += part.length;
    if (total > bounds.mostBytes) throw new Error(tooLarge(bounds.mostBytes));
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooLarge(mostBytes: number): string {
  return `The file is larger than ${mostBytes} bytes.`;
}
