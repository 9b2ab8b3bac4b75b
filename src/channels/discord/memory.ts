import { type Log, Lru, pause } from "#base";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Notes } from "../channel.ts";
import { isLater } from "./snowflake.ts";

const noteName = "gateway";
const mostChats = 500;
const restMs = 1_000;

const Session = Type.Object({ id: Type.String(), resumeUrl: Type.String(), sequence: Type.Integer() });
export type Session = Static<typeof Session>;

/** Who we are at Discord. */
const Self = Type.Object({ userId: Type.String(), applicationId: Type.String() });
export type Self = Static<typeof Self>;

const Note = Type.Object({
  session: Type.Optional(Session),
  self: Type.Optional(Self),
  /** The chats by when they were last used, each with the last message that was taken there. */
  chats: Type.Array(Type.Tuple([Type.String(), Type.String()])),
});
type Note = Static<typeof Note>;

/**
 * What outlives the process: the session to go on with, and per chat how far it was read, for when Discord has forgotten
 * the session. Written a little later and not for every message: who comes back too early is sent something twice, and
 * the same id tells.
 */
export class Memory {
  readonly #notes: Notes;
  readonly #log: Log;
  readonly #chats = new Lru<string, { readonly chat: string; readonly last: string }>({ budget: mostChats });
  readonly #closing = new AbortController();
  readonly #readSession: () => Session | undefined;
  readonly #known = Promise.withResolvers<Self>();
  /** The session that the note names. */
  #notedSession: string | undefined;
  #self: Self | undefined;
  #isDirty = false;
  #writing: Promise<void> | undefined;

  constructor(options: {
    readonly notes: Notes;
    readonly log: Log;
    readonly note: Note;
    readonly readSession: () => Session | undefined;
  }) {
    this.#notes = options.notes;
    this.#log = options.log;
    this.#readSession = options.readSession;
    this.#self = options.note.self;
    if (this.#self) this.#known.resolve(this.#self);
    this.#notedSession = options.note.session?.id;
    for (const [chat, last] of options.note.chats) this.#chats.set(chat, { chat, last });
  }

  get self(): Self | undefined {
    return this.#self;
  }

  /** Resolves when Discord has said it, in this life or in an earlier one. */
  get whoWeAre(): Promise<Self> {
    return this.#known.promise;
  }

  know(self: Self): void {
    this.#self = self;
    this.#known.resolve(self);
    this.changed();
  }

  /** The chats that we know, the most recently used first. */
  get chats(): readonly { readonly chat: string; readonly last: string }[] {
    return this.#chats.values().toReversed();
  }

  lastOf(chat: string): string | undefined {
    return this.#chats.get(chat)?.last;
  }

  /** A message of this chat was taken, and with it all before it. */
  took(chat: string, messageId: string): void {
    const last = this.lastOf(chat);
    if (last !== undefined && !isLater(messageId, last)) return;
    this.#chats.set(chat, { chat, last: messageId });
    this.changed();
  }

  changed(): void {
    this.#isDirty = true;
    this.#writing ??= this.#write();
  }

  /** Writes what is still to be written. */
  async close(): Promise<void> {
    this.changed();
    this.#closing.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#isDirty) {
      await this.#rest();
      this.#isDirty = false;
      const session = this.#readSession();
      const note: Note = {
        ...(session && { session }),
        ...(this.#self && { self: this.#self }),
        chats: this.#chats.values().map(({ chat, last }) => [chat, last] as [string, string]),
      };
      try {
        await this.#notes.write(noteName, JSON.stringify(note));
        this.#notedSession = session?.id;
      } catch (error) {
        this.#log.warn("Discord's place in the stream could not be noted", { error });
        await pause(restMs, this.#closing.signal).catch(() => {});
      }
    }
    this.#writing = undefined;
  }

  /** A new session is noted at once: who does not know it after a crash is not told again what it brought. */
  async #rest(): Promise<void> {
    const session = this.#readSession();
    if (session && session.id !== this.#notedSession) return;
    await pause(restMs, this.#closing.signal).catch(() => {});
  }
}

/** What was noted; nothing, when nobody can read it. */
export async function readNote(notes: Notes, log: Log): Promise<Note> {
  const text = await notes.read(noteName);
  if (text === undefined) return { chats: [] };
  try {
    return Value.Parse(Note, JSON.parse(text));
  } catch (error) {
    log.warn("the note of Discord's place in the stream is unreadable: beginning anew", { error });
    return { chats: [] };
  }
}
