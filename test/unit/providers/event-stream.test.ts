import { expect, test } from "bun:test";
import { EventStreamDecoder } from "../../../src/providers/event-stream.ts";

function decode(chunks: readonly Uint8Array[]): string[] {
  const decoder = new EventStreamDecoder();
  const events = chunks.flatMap((chunk) => {
    const complete = decoder.decode(chunk);
    if (complete === "tooLong") throw new Error("too long");
    return complete;
  });
  const rest = decoder.end();
  return rest === undefined ? events : [...events, rest];
}

const stream = [
  "\ufeff: welcome\n",
  'event: message\nid: 1\ndata: {"größe": 1}\n\n',
  "data: two\r\ndata:  lines 🌍\r\n\r\n",
  "data\r\r",
  "database: not data\ndata:tight\n\n",
  "\n\n\ndata: [DONE]\n\n",
].join("");
const expected = ['{"größe": 1}', "two\n lines 🌍", "", "tight", "[DONE]"];

test("events come out the same, wherever the bytes are cut", () => {
  const bytes = Buffer.from(stream);
  expect(decode([bytes])).toEqual(expected);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
  }
  expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test("the lines may end in any of the three ways", () => {
  const plain = "data: a\ndata: b\n\n: no\ndata: c\n\n";
  for (const end of ["\n", "\r", "\r\n"]) {
    const bytes = Buffer.from(plain.replaceAll("\n", end));
    expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(["a\nb", "c"]);
  }
});

test("an event whose empty line is missing is handed out at the end", () => {
  expect(decode([Buffer.from("data: a\n\ndata: b")])).toEqual(["a", "b"]);
});

test("an event has a limit, in one line or in many", () => {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  for (const begin of ["data: ", "data: 1\ndata: 2\n"]) {
    const decoder = new EventStreamDecoder();
    decoder.decode(Buffer.from(begin));
    const answers = Array.from({ length: 9 }, () =>
      decoder.decode(begin.includes("\n") ? Buffer.concat([Buffer.from("data: "), chunk, Buffer.from("\n")]) : chunk),
    );
    expect(answers[0]).toEqual([]);
    expect(answers.at(-1)).toBe("tooLong");
  }
});
