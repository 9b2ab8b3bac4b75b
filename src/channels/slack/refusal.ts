import { webApi } from "@slack/bolt";
import type { SendRefusal } from "../channel.ts";

/** Slack's codes for what no later try can change. */
const forGood: ReadonlyMap<string, string> = new Map([
  ["channel_not_found", "there is no such conversation, or the bot cannot see it"],
  ["not_in_channel", "the bot is not in the conversation; /invite it"],
  ["is_archived", "the conversation is archived"],
  ["user_not_found", "there is no such user"],
  ["user_disabled", "the user was deactivated"],
  ["cannot_dm_bot", "the other side is a bot"],
  ["messages_tab_disabled", "the app takes no direct messages; switch its messages tab on"],
  ["msg_too_long", "the message is too long"],
  ["no_text", "the message is empty"],
  ["restricted_action", "the workspace does not let the bot write there"],
  ["thread_not_found", "the thread does not exist any more"],
  ["message_not_found", "the message does not exist any more"],
  ["cant_update_message", "the message is not the bot's"],
  ["cant_delete_message", "the message is not the bot's"],
  ["edit_window_closed", "the message can no longer be edited"],
]);

/** Somebody has to set the token right; until then nothing goes. */
const tokenProblems: ReadonlyMap<string, string> = new Map([
  ["invalid_auth", "the token was not accepted"],
  ["not_authed", "the token was not accepted"],
  ["account_inactive", "the token's account was deactivated"],
  ["token_revoked", "the token was revoked"],
  ["token_expired", "the token has expired"],
  ["not_allowed_token_type", "the token is of the wrong kind"],
  ["no_permission", "the app may not do this"],
  ["missing_scope", "the app lacks a scope"],
  ["org_login_required", "the workspace is being moved"],
]);

/** Slack gave up in the middle, perhaps after the message was there. */
const inDoubt = new Set(["fatal_error", "internal_error", "request_timeout", "service_unavailable"]);

/** Nobody was reached, so nobody has the message. */
const unreached = /ConnectionRefused|ECONNREFUSED|ENOTFOUND|FailedToOpenSocket|DNS|Unable to connect/i;

const codeShape = /^[a-z0-9_]{1,80}$/;

/** What Slack said, as a refusal; undefined when nobody knows what became of the call. */
export function refusalOf(error: unknown): SendRefusal | undefined {
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return { refused: "forNow", problem: "Slack: too many requests", retryAfterMs: error.retryAfter * 1000 };
  }
  if (error instanceof webApi.WebAPIRequestError) {
    return isUnreached(error.original) ? { refused: "forNow", problem: "Slack cannot be reached" } : undefined;
  }
  const code = platformCode(error);
  return code === undefined ? undefined : refusalOfCode(code);
}

/** The same for a code alone, or for what should be one. */
export function refusalOfCode(code: string): SendRefusal | undefined {
  if (!codeShape.test(code) || inDoubt.has(code)) return undefined;
  if (/^rate_?limited$/.test(code)) return { refused: "forNow", problem: "Slack: too many requests" };
  const problem = tokenProblem(code);
  if (problem !== undefined) return { refused: "forNow", problem };
  return { refused: "forGood", problem: `Slack: ${forGood.get(code) ?? "it was refused"} (${code})` };
}

/** Why Slack does not let us in, when it does not; undefined for what may pass by itself. */
export function tokenProblemOf(error: unknown): string | undefined {
  const code = platformCode(error);
  return code === undefined ? undefined : tokenProblem(code);
}

/** The code of an answer that says no. An answer that is no JSON has none, and is nothing to go by. */
export function platformCode(error: unknown): string | undefined {
  if (!(error instanceof webApi.WebAPIPlatformError)) return undefined;
  const code: unknown = error.data.error;
  return typeof code === "string" && codeShape.test(code) ? code : undefined;
}

/** The bot is not in the conversation, which Slack does not always admit to exist then. */
export function isUnseen(error: unknown): boolean {
  const code = platformCode(error);
  return code === "not_in_channel" || code === "channel_not_found";
}

export function isUnreached(error: Error): boolean {
  return unreached.test(`${codeOf(error)} ${error.message}`);
}

function tokenProblem(code: string): string | undefined {
  const words = tokenProblems.get(code);
  return words === undefined ? undefined : `Slack: ${words} (${code})`;
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
