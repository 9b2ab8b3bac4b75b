import type { Secret } from "#base";
import type { WebhookRequest } from "../channel.ts";
import { hmacSha256, isAboutNow, isSame } from "../signature.ts";

/**
 * Did Slack send exactly this, just now? Asked before anything of it is read. Not Bolt's own check: that one takes a time
 * in the future, however far.
 */
export function isSigned(request: WebhookRequest, secret: Secret, nowMs: number): boolean {
  const timestamp = request.headers.get("x-slack-request-timestamp");
  const signature = /^v0=([0-9a-f]{64})$/.exec(request.headers.get("x-slack-signature") ?? "")?.[1];
  if (timestamp === null || signature === undefined || !isAboutNow(timestamp, nowMs)) return false;
  const expected = hmacSha256(secret.reveal(), [`v0:${timestamp}:`, request.body]);
  return isSame(Buffer.from(signature, "hex"), expected);
}
