import type { Book, Said, Way } from "./book.ts";
import { httpLine, type Line, openLine, Refused, sendLetter, type Target } from "./lines.ts";

export interface Load {
  readonly target: Target;
  readonly book: Book;
  /** Ends the load; so does a line that is cut. */
  readonly signal: AbortSignal;
  /** Changes with time, so that no session grows without end. */
  readonly era: number;
  /** Also changes the settings now and then. */
  readonly patchesSettings: boolean;
  /** Is the channel of pigeons there? */
  readonly hasPigeons: boolean;
}

/** Everything that people do to a gateway, all at once, until it is gone. */
export async function putUnderLoad(load: Load): Promise<void> {
  await Promise.all([
    overLine(
      () => openLine(load.target, "jsonrpc"),
      (line) => Promise.all(many(3, () => talk(load, line, "jsonrpc"))),
    ),
    overLine(
      () => openLine(load.target, "openclaw"),
      (line) => Promise.all(many(2, () => talk(load, line, "openclaw"))),
    ),
    overLine(
      async () => httpLine(load.target),
      (line) => Promise.all(many(2, () => talk(load, line, "http"))),
    ),
    overLine(
      async () => httpLine(load.target),
      () => Promise.all(many(load.hasPigeons ? 2 : 0, () => write(load))),
    ),
    overLine(
      () => openLine(load.target, "jsonrpc"),
      (line) => interfere(load, line),
    ),
  ]);
}

/** Says again, with the same id, what nobody acknowledged. */
export async function sayAgain({ target, book }: Pick<Load, "target" | "book">): Promise<void> {
  using line = await openLine(target, "jsonrpc");
  for (const said of book.unanswered()) {
    for (;;) {
      try {
        await (said.way === "pigeon" ? letter(target, said) : line.ask("chat.send", paramsOf(said)));
        said.isAcknowledged = true;
        break;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        await Bun.sleep(5); // the lane is full, and says so
      }
    }
  }
}

function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

async function overLine(open: () => Promise<Line>, work: (line: Line) => Promise<unknown>): Promise<void> {
  try {
    using line = await open();
    await work(line);
  } catch (error) {
    // The gateway is gone, which is what this is about. What is refused in words is handled where it is asked.
    if (error instanceof Refused) throw error;
  }
}

async function talk({ book, signal, era }: Load, line: Line, way: Exclude<Way, "pigeon">): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    const id = book.newId(way);
    const sessionKey = `agent:main:chat-${era}-${pick(4)}`;
    const said = book.write({ id, way, sessionKey, text: `${chance(25) ? "do" : "say"} ${id}` });
    const method = way === "openclaw" && chance(30) ? "agent" : "chat.send";
    await acknowledged(said, () => line.ask(method, paramsOf(said)));
    if (chance(10) && said.isAcknowledged) await line.ask("chat.send", paramsOf(said));
    await Bun.sleep(pick(30));
  }
}

async function write({ target, book, signal }: Load): Promise<void> {
  while (!signal.aborted) {
    const id = book.newId("pigeon");
    const sessionKey = `agent:main:pigeon:default:direct:p${pick(3)}`;
    const said = book.write({ id, way: "pigeon", sessionKey, text: `${chance(15) ? "do" : "say"} ${id}` });
    await acknowledged(said, () => letter(target, said));
    await Bun.sleep(pick(30));
  }
}

/** Resets, deletes, stops, sends and changes, in no order. */
async function interfere({ target, book, signal, era, patchesSettings }: Load, line: Line): Promise<void> {
  const doomed = async () => {
    const id = book.newId("doomed");
    const sessionKey = `agent:main:${id}`;
    for (let i = 0; i < 3; i++) {
      const said = book.write({ id: `${id}.${i}`, way: "jsonrpc", sessionKey, text: `say ${id}.${i}` });
      await acknowledged(said, () => line.ask("chat.send", paramsOf(said)));
      if (i === 0) await line.ask("sessions.reset", { sessionKey });
    }
    book.deletions.set(sessionKey, false);
    await line.ask("sessions.delete", { sessionKey });
    book.deletions.set(sessionKey, true);
  };
  const deeds = [
    doomed,
    () => line.ask("sessions.reset", { sessionKey: `agent:main:chat-${era}-0` }),
    () => line.ask("chat.abort", { sessionKey: `agent:main:chat-${era}-${pick(4)}` }),
    () => line.ask("sessions.patch", { sessionKey: `agent:main:chat-${era}-1`, label: `label ${pick(1_000)}` }),
    () => line.ask("message.send", { channel_id: "pigeon", chat_id: "p0", text: `notice ${book.newId("n")}` }),
    async () => (await openLine(target, "openclaw"))[Symbol.dispose](),
    ...(patchesSettings
      ? [() => line.ask("config.patch", { patch: { session: { cacheMegabytes: 8 + pick(8) } } })]
      : []),
  ];
  while (!signal.aborted) {
    const deed = deeds[pick(deeds.length)];
    await deed?.().catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error; // nothing there to reset yet
    });
    await Bun.sleep(pick(25));
  }
}

async function acknowledged(said: Said, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
    said.isAcknowledged = true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

function letter(target: Target, { id, sessionKey, text }: Said): Promise<void> {
  return sendLetter(target, { id, chat: sessionKey.slice(sessionKey.lastIndexOf(":") + 1), text });
}

function paramsOf({ id, sessionKey, text }: Said) {
  return { sessionKey, message: text, idempotencyKey: id };
}

function pick(sides: number): number {
  return Math.floor(Math.random() * sides);
}

function chance(percent: number): boolean {
  return Math.random() * 100 < percent;
}
