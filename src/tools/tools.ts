import { bash } from "./bash.ts";
import { edit } from "./edit.ts";
import { nodes } from "./nodes.ts";
import { read } from "./read.ts";
import { saveAttachment } from "./save_attachment.ts";
import { search } from "./search.ts";
import { sendFile } from "./send_file.ts";
import type { Tool } from "./tool.ts";
import { write } from "./write.ts";

/** Every tool there is, in alphabetical order. */
export const tools: readonly Tool[] = [bash, edit, nodes, read, saveAttachment, search, sendFile, write];
