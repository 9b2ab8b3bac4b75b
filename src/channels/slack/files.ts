import type { Attachment } from "../update.ts";
import type { Api } from "./api.ts";
import { as, SlackFile } from "./wire.ts";

export function readAttachments(files: readonly unknown[], api: Api): readonly Attachment[] {
  return files.flatMap((file) => {
    const known = as(SlackFile, file);
    return known ? [toAttachment(known, api)] : [];
  });
}

function toAttachment(file: SlackFile, api: Api): Attachment {
  return {
    id: file.id,
    kind: kindOf(file),
    ...(file.name ? { name: file.name } : {}),
    ...(file.mimetype === undefined ? {} : { mimeType: file.mimetype }),
    ...(file.size === undefined ? {} : { bytes: file.size }),
    fetch: async (mostBytes, signal) => {
      if (file.size !== undefined && file.size > mostBytes) {
        throw new Error(`The file is larger than ${mostBytes} bytes.`);
      }
      return api.download(await addressOf(file, api, signal), mostBytes, signal);
    },
  };
}

/** Files of other workspaces come without an address, which is to be asked for. */
async function addressOf(file: SlackFile, api: Api, signal: AbortSignal): Promise<string> {
  const given = file.url_private_download ?? file.url_private;
  if (given !== undefined) return given;
  const { file: asked } = await api.client(signal).files.info({ file: file.id });
  const found = asked?.url_private_download ?? asked?.url_private;
  if (found === undefined) throw new Error("Slack does not say where the file is.");
  return found;
}

function kindOf({ mimetype, subtype }: SlackFile): Attachment["kind"] {
  if (subtype === "slack_audio") return "voice";
  const [family] = (mimetype ?? "").split("/");
  return family === "image" || family === "audio" || family === "video" ? family : "file";
}
