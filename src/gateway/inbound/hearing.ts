/** Writes recordings down, where somebody configured what does that. */
export interface Hearing {
  /** Of a recording; larger ones are not brought. */
  readonly mostBytes: number;
  /** Rejects only when the signal aborts. */
  hear(
    recording: { readonly bytes: Uint8Array; readonly mimeType: string },
    signal: AbortSignal,
  ): Promise<
    | { readonly heard: true; readonly text: string }
    /** For the log. */
    | { readonly heard: false; readonly because: string }
  >;
}
