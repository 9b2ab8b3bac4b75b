/** Longer than any whole answer in one event may be, and short enough to hold a few of at once. */
const longestEvent = 8 * 1024 * 1024;

/**
 * Server-sent events out of bytes that come in any pieces, as the HTML standard's section 9.2.6 parses them: lines end with
 * LF, CR or CRLF, a byte order mark at the start is skipped, comments and fields nobody asked for are dropped. Only the data
 * counts here: both model APIs repeat the event's type in it.
 */
export class EventStreamDecoder {
  readonly #text = new TextDecoder();
  #line = "";
  #data: string | undefined;
  #endedWithCr = false;

  /** The data of every event that these bytes complete; `tooLong` when one would not fit into memory with good manners. */
  decode(bytes: Uint8Array): readonly string[] | "tooLong" {
    const text = this.#text.decode(bytes, { stream: true });
    const events: string[] = [];
    // The LF of a CRLF whose CR ended the bytes before.
    let from = this.#endedWithCr && text.startsWith("\n") ? 1 : 0;
    if (text !== "") this.#endedWithCr = text.endsWith("\r");
    const endOfLine = text.includes("\r") ? endByEither : endByLf;
    for (let end = endOfLine(text, from); end !== -1; end = endOfLine(text, from)) {
      const complete = this.#take(this.#line + text.slice(from, end));
      if (complete !== undefined) events.push(complete);
      this.#line = "";
      from = text.startsWith("\r\n", end) ? end + 2 : end + 1;
    }
    this.#line += text.slice(from);
    return this.#line.length + (this.#data?.length ?? 0) > longestEvent ? "tooLong" : events;
  }

  /** The data of a last event whose empty line is missing. By the standard it does not count, but some servers end like that. */
  end(): string | undefined {
    this.#take(this.#line);
    const data = this.#data;
    this.#line = "";
    this.#data = undefined;
    return data;
  }

  /** One line without its end. The event's data when it was the empty line that ends an event. */
  #take(line: string): string | undefined {
    if (line === "") {
      const data = this.#data;
      this.#data = undefined;
      return data;
    }
    if (!line.startsWith("data")) return undefined;
    const value = valueOf(line);
    if (value !== undefined) this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    return undefined;
  }
}

/** The value of a `data` field, or undefined for a field whose name only starts like it. */
function valueOf(line: string): string | undefined {
  if (line === "data") return "";
  if (line[4] !== ":") return undefined;
  return line.slice(line[5] === " " ? 6 : 5);
}

function endByLf(text: string, from: number): number {
  return text.indexOf("\n", from);
}

function endByEither(text: string, from: number): number {
  const lf = text.indexOf("\n", from);
  const cr = text.indexOf("\r", from);
  return lf === -1 || cr === -1 ? Math.max(lf, cr) : Math.min(lf, cr);
}
