export interface Recording {
  readonly bytes: Uint8Array;
  /** What it is, whatever anybody calls it. */
  readonly mimeType: string;
}

export type Transcript =
  | { readonly heard: true; readonly text: string }
  /** A sentence for people; it never holds a key. */
  | { readonly heard: false; readonly because: string };
