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

/** The chats that turns answer, from where the tools stand. */
export interface FileAccess {
  send(runId: string, file: FileForChat): Promise<FileAnswer>;
}
