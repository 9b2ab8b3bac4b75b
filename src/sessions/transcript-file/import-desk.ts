import { fault } from "#protocol";
import type { Entry, Header } from "./entry.ts";
import { parseEntry, parseHeader } from "./read-file.ts";

/** A piece of a file that is being sent. */
export interface ImportPiece {
  /** Names the upload; of the sender's choice. */
  readonly uploadId: string;
  /** How many characters came before. */
  readonly offset: number;
  readonly text: string;
}

const mostUploads = 2;
const mostCharacters = 32 * 1024 * 1024;
const mostLine = 8 * 1024 * 1024;
const mostEntries = 100_000;
const patienceMs = 60_000;

interface Upload {
  taken: number;
  rest: string;
  header: Header | undefined;
  readonly entries: Entry[];
  timer: Timer | undefined;
}

export interface Uploaded {
  readonly header: Header;
  readonly entries: readonly Entry[];
}

/** Files on their way in, a piece at a time; one that is not finished leaves nothing behind. */
export class ImportDesk {
  readonly #uploads = new Map<string, Upload>();

  /** Returns how much of it is here. Throws `importRefused` or `queueFull`; then the upload is over. */
  take({ uploadId, offset, text }: ImportPiece): number {
    const upload = this.#uploads.get(uploadId) ?? this.#open(uploadId, offset);
    if (offset !== upload.taken) this.#refuse(uploadId, `a piece at ${offset} came where ${upload.taken} was due`);
    upload.taken += text.length;
    if (upload.taken > mostCharacters) this.#refuse(uploadId, `it has more than ${mostCharacters} characters`);
    const lines = (upload.rest + text).split("\n");
    upload.rest = lines.pop() ?? "";
    for (const line of lines) this.#line(uploadId, upload, line);
    if (upload.rest.length > mostLine) this.#refuse(uploadId, `it has a line of more than ${mostLine} characters`);
    this.#wait(uploadId, upload);
    return upload.taken;
  }

  finish(uploadId: string): Uploaded {
    const upload = this.#uploads.get(uploadId);
    if (!upload) throw fault.importRefused({ problem: "nothing of it is here" });
    if (upload.rest.trim() !== "") this.#line(uploadId, upload, upload.rest);
    this.#close(uploadId);
    if (!upload.header) throw fault.importRefused({ problem: "it is empty" });
    return { header: upload.header, entries: upload.entries };
  }

  [Symbol.dispose](): void {
    for (const uploadId of this.#uploads.keys()) this.#close(uploadId);
  }

  #open(uploadId: string, offset: number): Upload {
    if (offset > 0) throw fault.importRefused({ problem: "its beginning is not here any more; send it again" });
    if (this.#uploads.size >= mostUploads) throw fault.queueFull({ problem: "Other files are being imported" });
    const upload = { taken: 0, rest: "", header: undefined, entries: [], timer: undefined };
    this.#uploads.set(uploadId, upload);
    return upload;
  }

  #line(uploadId: string, upload: Upload, line: string): void {
    if (line.trim() === "") return;
    if (!upload.header) {
      upload.header = parseHeader(line);
      if (!upload.header) this.#refuse(uploadId, "its first line is no header of a session");
      return;
    }
    const entry = parseEntry(line);
    if (!entry || entry.type === "session") this.#refuse(uploadId, `line ${upload.entries.length + 2} is no entry`);
    upload.entries.push(entry);
    if (upload.entries.length > mostEntries) this.#refuse(uploadId, `it has more than ${mostEntries} entries`);
  }

  #wait(uploadId: string, upload: Upload): void {
    clearTimeout(upload.timer);
    upload.timer = setTimeout(() => this.#close(uploadId), patienceMs).unref();
  }

  #close(uploadId: string): void {
    clearTimeout(this.#uploads.get(uploadId)?.timer);
    this.#uploads.delete(uploadId);
  }

  #refuse(uploadId: string, problem: string): never {
    this.#close(uploadId);
    throw fault.importRefused({ problem });
  }
}
