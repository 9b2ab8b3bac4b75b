/** A file as a platform hands it out. One whose text is `to <address>` lies there instead. */
export function fileAnswer(bytes: Uint8Array): Response {
  const [, location] = /^to (.*)$/.exec(Buffer.from(bytes.subarray(0, 300)).toString("latin1")) ?? [];
  return location === undefined
    ? new Response(Buffer.from(bytes))
    : new Response(null, { status: 302, headers: { location } });
}
