import { createHmac } from "node:crypto";
import { expect, test } from "bun:test";
import { type OpenGateway, openGateway } from "../../support/open-gateway.ts";
import { until } from "../../support/until.ts";

const secrets = { default: "a-secret-of-the-first-account", work: "a-secret-of-the-second-one" };

function post(gateway: OpenGateway, account: keyof typeof secrets, message: object, secret = secrets[account]) {
  const body = JSON.stringify(message);
  const at = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
  const headers = {
    "content-type": "text/plain",
    "x-openclaw-timestamp": at,
    "x-openclaw-signature": `sha256=${signature}`,
  };
  return fetch(new URL(`/webhooks/webhook/${account}`, gateway.app.url), { method: "POST", body, headers });
}

test("SEC-63: a signed message is one turn however often it comes, the same id at another account is another, and each is answered there", async () => {
  const got: { path: string; text: string }[] = [];
  await using receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { text } = (await request.json()) as { text: string };
      got.push({ path: new URL(request.url).pathname, text });
      return Response.json({ id: `r${got.length}` });
    },
  });
  await using gateway = await openGateway(`
    [channels.webhook]
    secret = "${secrets.default}"
    url = "${receiver.url.href}default"
    dm_policy = "open"
    allow_from = ["*"]
    [channels.webhook.accounts.work]
    secret = "${secrets.work}"
    url = "${receiver.url.href}work"`);
  const message = { id: "7", chat: "c", sender: "ann", text: "echo hello" };
  await until("it to be open", async () => (await post(gateway, "work", message)).status === 202);
  expect((await post(gateway, "default", message)).status).toBe(202);
  for (let times = 0; times < 10; times++) expect((await post(gateway, "default", message)).status).toBe(202);
  expect((await post(gateway, "default", { ...message, id: "8" }, secrets.work)).status).toBe(401);
  await until("both answers", () => new Set(got.map(({ path }) => path)).size === 2);
  await post(gateway, "default", { ...message, id: "9", chat: "d", text: "the last" });
  await until("the last answer", () => got.filter(({ path }) => path === "/default").length >= 2);
  expect(got.map(({ path }) => path).toSorted()).toEqual(["/default", "/default", "/work"]);
});
