import { misuse } from "./failure.ts";

/** What was typed as JSON for an option; an object or an array, as params are. */
export function parseObject(text: string, option: string): object {
  const parsed = parseJson(text, option);
  if (typeof parsed === "object" && parsed !== null) return parsed;
  throw misuse(`--${option} must be a JSON object or array.`, `Like --${option} '{"limit":5}'.`);
}

function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw misuse(`--${option} is not valid JSON.`, `Like --${option} '{"limit":5}', in single quotes.`);
  }
}
