import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** What a server says to exactly these bytes, for what no HTTP client would send. Resolves when the server has closed, or an answer is complete. */
export function sendRaw(port: number, text: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let received = "";
    socket.setTimeout(3_000, () => socket.destroy(new Error(`no whole answer: ${received}`)));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (isComplete(received)) socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(parse(received)));
  });
}

/** A GET with exactly this target and these header lines. */
export function getRaw(port: number, target: string, headers: readonly string[] = ["Host: localhost"]) {
  return sendRaw(port, `GET ${target} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
}

function isComplete(received: string): boolean {
  const { head, body } = parse(received);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  return received.includes("\r\n\r\n") && length !== undefined && body.length >= Number(length);
}

function parse(received: string): RawAnswer {
  const [head = "", ...rest] = received.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join("\r\n\r\n") };
}
