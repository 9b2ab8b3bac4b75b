/** Below it, platforms bring what happened: `/webhooks/<channel>/<account>`. */
export function isWebhook(path: string): boolean {
  return path.startsWith("/webhooks/");
}
