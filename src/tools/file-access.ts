export interface FileForChat {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly caption?: string;
  readonly asVoice?: boolean;
}

export type FileAnswer =
  /** It is on disk and will be delivered. */
  | { readonly taken: true; readonly mimeType: string }
  /** A sentence for the model. */
  | { readonly taken: false; readonly because: string };

export type FileOpened =
  /** `name` is what its sender called it, whatever that is. */
  | { readonly found: true; readonly name?: string; readonly mimeType: string; readonly bytes: Uint8Array }
  /** A sentence for the model. */
  | { readonly found: false; readonly because: string };

/** The chats that turns answer, from where the tools stand. */
export interface FileAccess {
  send(runId: string, file: FileForChat): Promise<FileAnswer>;
  /** A file that came with a message of the turn's conversation. */
  open(runId: string, blob: string): Promise<FileOpened>;
}
