const most = 64 * 1024;

/** The beginning of a body, as much as is worth quoting. The rest is never read. */
export async function firstText(response: Response, mostCharacters = most): Promise<string> {
  const text = new TextDecoder();
  let read = "";
  for await (const bytes of response.body ?? []) {
    read += text.decode(bytes, { stream: true });
    if (read.length >= mostCharacters) break;
  }
  return read.slice(0, mostCharacters);
}
