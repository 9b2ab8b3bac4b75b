import type { Secret } from "#base";
import type { SlackAccount } from "../slack.ts";
import type { LinkTimes } from "./socket-link.ts";

/** How what happens at Slack reaches us. */
export type Way =
  | { readonly mode: "socket"; readonly appToken: Secret; readonly times: LinkTimes }
  | { readonly mode: "http"; readonly signingSecret: Secret };

/** Throws when the account lacks what its mode needs. */
export function wayOf(settings: SlackAccount, times: LinkTimes): Way {
  if (settings.mode === "http") {
    // An endpoint that checks no signature is anybody's.
    if (!settings.signingSecret) throw new Error('With mode = "http", signing_secret must be set.');
    return { mode: "http", signingSecret: settings.signingSecret };
  }
  if (!settings.appToken) throw new Error('With mode = "socket", app_token must be set; it begins with xapp-.');
  return { mode: "socket", appToken: settings.appToken, times };
}
