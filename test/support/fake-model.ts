import { readCall, type ModelCall } from "./fake-model/call.ts";
import { encodeReply, type RawReply, respond, type ScriptedReply } from "./fake-model/reply.ts";

export { encodeReply };
export type { CallMessage, ModelCall } from "./fake-model/call.ts";
export type { RawReply, ReplyPart, ScriptedReply } from "./fake-model/reply.ts";

/** What the model answers: parts in either API's own shape, raw bytes for everything a server may do wrong, or plain text. */
export type Reply = string | ScriptedReply | RawReply;

/** One reply after the other (after the last one, 400), or the answer computed from what was asked. */
export type Script = readonly Reply[] | ((call: ModelCall, index: number) => Reply | Promise<Reply>);

export interface FakeModel extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/v1`: the base of `/chat/completions` and of `/messages`. */
  readonly url: string;
  /** The last calls, oldest first. */
  readonly requests: readonly ModelCall[];
  /** Resolves once so many calls came in. */
  received(count: number): Promise<void>;
  /** How many answers are still being sent, or held open. */
  readonly open: number;
  /** Resolves once nothing is being sent or held open any more. */
  idle(): Promise<void>;
}

/**
 * A model's server on a free port: it speaks both APIs, says what the script says, remembers what it was asked, and like the
 * real ones answers a request that breaks the API's rules with 400.
 */
export function startFakeModel(options: {
  readonly script: Script;
  /** How many calls are remembered. A benchmark wants none, and then they are not checked either. */
  readonly remember?: number;
}): FakeModel {
  const remember = options.remember ?? 1_000;
  const requests: ModelCall[] = [];
  const watchers = new Set<() => void>();
  const counts = { received: 0, open: 0 };
  const changed = () => watchers.forEach((look) => look());
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    // A stream that is made to fail would otherwise be printed.
    development: false,
    async fetch(request) {
      const call = await readCall(request);
      if (!call) return Response.json({ error: { message: `no such path: ${request.url}` } }, { status: 404 });
      const index = counts.received++;
      if (remember > 0) {
        const problem = problemOf(call);
        if (problem) return Response.json({ error: { message: problem } }, { status: 400 });
        requests.push(call);
        if (requests.length > remember) requests.shift();
      }
      changed();
      const reply = typeof options.script === "function" ? await options.script(call, index) : options.script[index];
      if (reply === undefined) {
        return Response.json({ error: { message: "the script has no more replies" } }, { status: 400 });
      }
      return respond(reply, call, {
        opened: () => {
          counts.open++;
        },
        closed: () => {
          counts.open--;
          changed();
        },
      });
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    requests,
    received: (count) => until(() => counts.received >= count),
    get open() {
      return counts.open;
    },
    idle: () => until(() => counts.open === 0),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** Why the real API would refuse the call, if it would. */
function problemOf(call: ModelCall): string | undefined {
  try {
    return call.messages.length > 0 ? undefined : "there are no messages";
  } catch (error) {
    return `invalid request: ${String(error)}`;
  }
}
