import { Fault } from "#protocol";
import { Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { addressOf, type ProviderAddress } from "../address.ts";
import { checkedJson } from "../checked-json.ts";
import {
  badResponse,
  type Failure,
  failureInStream,
  failureOfNetwork,
  failureOfRefusal,
  problemOf,
  refusalIn,
} from "../failure.ts";
import { firstText } from "../first-text.ts";
import { openaiClient } from "../openai-client.ts";
import type { OpenSettings, Surroundings } from "../provider.ts";
import { waitBeforeRetry } from "../retry.ts";
import { fileNameOf } from "./file-name.ts";
import type { Recording, Transcript } from "./recording.ts";

const mostCharacters = 1024 * 1024;
const longestMs = 15 * 60_000;

const check = TypeCompiler.Compile(Type.Object({ text: Type.String() }));

interface Server {
  readonly client: ReturnType<typeof openaiClient>;
  readonly address: ProviderAddress;
}

interface Asked {
  readonly recording: Recording;
  /** The provider's own name of it. */
  readonly model: string;
  readonly language?: string;
  readonly signal: AbortSignal;
}

/** Asks an OpenAI-compatible server for what is said in a recording; tries again as a chat's request is. */
export async function askForWords(
  settings: OpenSettings,
  asked: Asked,
  { log, clock, pause }: Surroundings,
): Promise<Transcript> {
  const server = serverOf(settings);
  if ("problem" in server) return { heard: false, because: server.problem };
  const { client, address } = server;
  const startedAt = clock.elapsed();
  for (let tries = 1; ; tries++) {
    const outcome = await tryOnce(client, address.host, asked);
    if (typeof outcome === "string") return { heard: true, text: outcome };
    const problem = problemOf(outcome, settings.id, address.secrets).message;
    const waitMs = waitBeforeRetry(outcome, { tries, elapsedMs: clock.elapsed() - startedAt });
    if (waitMs === undefined) return { heard: false, because: problem };
    log.warn("a recording was not written down and is sent again", { problem, tries, waitMs });
    await pause(waitMs, asked.signal);
  }
}

function serverOf(settings: OpenSettings): Server | { readonly problem: string } {
  try {
    const address = addressOf(settings, { baseUrl: "https://api.openai.com/v1", headers: {} }, (key) => [
      "authorization",
      `Bearer ${key}`,
    ]);
    const headers = new Headers(address.headers);
    headers.set("accept", "application/json");
    headers.delete("content-type"); // the form brings its own, with what parts it
    return { address, client: openaiClient({ baseUrl: address.baseUrl, headers, timeoutMs: longestMs }) };
  } catch (error) {
    if (error instanceof Fault) return { problem: error.message };
    throw error;
  }
}

/** The words, or why there are none. */
async function tryOnce(
  client: Server["client"],
  host: string,
  { recording, model, language, signal }: Asked,
): Promise<string | Failure> {
  const body = new FormData();
  body.set("file", new File([Buffer.from(recording.bytes)], fileNameOf(recording), { type: recording.mimeType }));
  body.set("model", model);
  body.set("response_format", "json");
  if (language !== undefined) body.set("language", language);
  try {
    const response = await client.post("/audio/transcriptions", { body, signal }).asResponse();
    const text = await firstText(response, mostCharacters);
    if (/"error"/.test(text.slice(0, 200))) return failureInStream(text);
    return checkedJson(check, text)?.text ?? badResponse("it sent something that is no transcript");
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalIn(error);
    return refusal ? failureOfRefusal(refusal) : failureOfNetwork(error, host);
  }
}
