import { refuse, type Refusal } from "./refusal.ts";

/** So little is unpacked at once that nothing large can come of it before it is counted. */
const packedAtOnce = 4 * 1024;

/** What a server may pack an answer with, by the names that the platform's own unpackers have. */
const unpackers: ReadonlyMap<string, "gzip" | "deflate" | "brotli"> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "brotli"],
]);

/** The bytes of an answer, unpacked; never more than `mostBytes`, of what came in or of what it unpacks to. Rejects when the connection breaks. */
export async function readBody(response: Response, mostBytes: number): Promise<Uint8Array | Refusal> {
  const { body, headers } = response;
  if (Number(headers.get("content-length")) > mostBytes) {
    await body?.cancel();
    return tooLarge(mostBytes);
  }
  if (!body) return new Uint8Array();
  const packing = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (packing === "identity" || packing === "") return collect(body, mostBytes);
  const unpacker = unpackers.get(packing);
  if (!unpacker) {
    await body.cancel();
    return refuse("wrongType", "It is packed in a way that was not asked for.");
  }
  return collect(bounded(body, mostBytes).pipeThrough(new DecompressionStream(unpacker)), mostBytes);
}

async function collect(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Uint8Array | Refusal> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > mostBytes) return tooLarge(mostBytes);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** In small pieces, and no more than fits. */
function bounded(body: ReadableStream<Uint8Array>, mostBytes: number) {
  let bytes = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > mostBytes) return controller.error(new TooMuch());
        for (let at = 0; at < chunk.byteLength; at += packedAtOnce)
          controller.enqueue(chunk.slice(at, at + packedAtOnce));
      },
    }),
  );
}

/** More came in, packed, than may come out. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

export function tooLarge(mostBytes: number): Refusal {
  return refuse("tooLarge", `The file is larger than ${mostBytes} bytes.`);
}
