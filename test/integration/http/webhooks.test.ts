import { Secret } from "#base";
import type { WebhookAnswer, WebhookRequest } from "#channels";
import { fault } from "#protocol";
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { openHttp } from "../../support/open-http.ts";
import { HeldClock } from "../../support/rpc-house.ts";
import { sendRaw } from "../../support/raw-http.ts";
import { until } from "../../support/until.ts";

const secret = new Secret("right");
const path = "/webhooks/parrot/default";

/** One account that is called, and keeps what it was called with. */
class Desk {
  readonly requests: WebhookRequest[] = [];
  answer: () => Promise<WebhookAnswer> = async () => ({ status: 200, body: "squawk", headers: { "x-bird": "parrot" } });

  find = ({ channel, account }: { channel: string; account: string }) =>
    channel === "parrot" && account === "default" ? (request: WebhookRequest) => this.#take(request) : undefined;

  async #take(request: WebhookRequest): Promise<WebhookAnswer> {
    if (request.method === "POST" && !secret.matches(request.headers.get("x-secret") ?? "")) return { status: 401 };
    this.requests.push(request);
    return this.answer();
  }
}

function post(body: string, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body, headers: { "x-secret": "right", ...headers } };
}

const limits = { bodyBytes: 1_000, heldBytes: 3_000, bodyMs: 200, answerMs: 200 };

describe("what a platform brings", () => {
  test("is taken by its account as it came, without a credential of ours and whatever its type", async () => {
    const desk = new Desk();
    await using http = await openHttp({}, { webhooks: { find: desk.find } });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await http.ask(`${path}/events?retry=1`, post("payload=%7B%7D", form));
    expect([answer.status, await answer.text()]).toEqual([200, "squawk"]);
    expect(answer.headers.get("x-bird")).toBe("parrot");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const [request] = desk.requests;
    expect(request).toMatchObject({ method: "POST", path: "/events?retry=1" });
    expect(new TextDecoder().decode(request?.body)).toBe("payload=%7B%7D");
  });

  test.each(["/webhooks/parrot/work", "/webhooks/pigeon/work", "/webhooks/parrot", "/webhooks/parrot/a/b"])(
    "%s is not there, and no answer tells what is",
    async (elsewhere) => {
      const desk = new Desk();
      await using http = await openHttp({}, { webhooks: { find: desk.find } });
      const answer = await http.ask(elsewhere, post("{}"));
      const body = await answer.text();
      expect(answer.status).toBe(404);
      expect(body).not.toContain("default");
      expect(desk.requests).toEqual([]);
    },
  );

  test("is asked for again with a 503 when the disk does not take it, or nobody answers", async () => {
    const desk = new Desk();
    await using http = await openHttp({}, { webhooks: { find: desk.find, limits } });
    for (const answer of [
      () => Promise.reject(fault.storageUnavailable({ problem: "the disk is full" })),
      () => Promise.reject(new Error("a bug with a canary in it")),
      () => new Promise<never>(() => {}),
    ]) {
      desk.answer = answer;
      const refused = await http.ask(path, post("{}"));
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await refused.text()).not.toContain("canary");
    }
  });

  test("is for GET and POST", async () => {
    await using http = await openHttp({}, { webhooks: { find: new Desk().find } });
    expect((await http.ask(path, { method: "DELETE" })).status).toBe(405);
    expect((await http.ask(path)).status).toBe(200);
  });
});

describe("SEC-62: wrong secrets", () => {
  test("twenty in a minute are answered; then the address waits, for this account, until the first is a minute old", async () => {
    const desk = new Desk();
    const clock = new HeldClock();
    const two = ({ channel, account }: { channel: string; account: string }) =>
      desk.find({ channel, account: account === "work" ? "default" : account });
    await using http = await openHttp({}, { webhooks: { find: two }, clock });
    const wrong = async () => (await http.ask(path, post("{}", { "x-secret": "wrong" }))).status;
    for (let n = 0; n < 20; n++) {
      expect(await wrong()).toBe(401);
      clock.ms += 1_000;
    }
    const refused = await http.ask(path, post("{}"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "40"]);
    expect((await http.ask("/webhooks/parrot/work", post("{}"))).status).toBe(200);
    clock.ms += 40_001;
    expect((await http.ask(path, post("{}"))).status).toBe(200);
  });

  test("a hundred GETs that are refused cost a good sender nothing", async () => {
    const desk = new Desk();
    desk.answer = async () => ({ status: 403 });
    await using http = await openHttp({}, { webhooks: { find: desk.find } });
    for (let n = 0; n < 100; n++) expect((await http.ask(path)).status).toBe(403);
    desk.answer = async () => ({ status: 200 });
    expect((await http.ask(path, post("{}"))).status).toBe(200);
  });
});

describe("SEC-61: bodies", () => {
  test("one that is too large is refused, by what it says and by what it is", async () => {
    const desk = new Desk();
    await using http = await openHttp({}, { webhooks: { find: desk.find, limits } });
    expect((await http.ask(path, post("x".repeat(1_001)))).status).toBe(413);
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("x".repeat(500))),
    });
    const endless = await http.ask(path, { method: "POST", body: stream, headers: { "x-secret": "right" } });
    expect(endless.status).toBe(413);
    expect(desk.requests).toEqual([]);
    expect((await http.ask(path, post("x".repeat(1_000)))).status).toBe(200);
  });

  test("one that drips is not waited for, however many there are, and a good one is taken meanwhile", async () => {
    const desk = new Desk();
    await using http = await openHttp({}, { webhooks: { find: desk.find, limits: { ...limits, bodyMs: 2_000 } } });
    const { port } = http.server;
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Secret: wrong\r\nContent-Length: 900\r\n\r\n`;
    using held = new DisposableStack();
    for (let n = 0; n < 300; n++) {
      const socket = connect(port, "127.0.0.1", () => socket.write(`${head}x`));
      socket.on("error", () => {});
      held.defer(() => socket.destroy());
    }
    const slow = sendRaw(port, `${head}x`);
    expect((await http.ask(path, post("{}"))).status).toBe(200);
    expect((await slow).status).toBe(408);
    expect(desk.requests.length).toBe(1);
  });

  test("all together hold no more than a bound, and what is answered is let go", async () => {
    const desk = new Desk();
    const held = Promise.withResolvers<WebhookAnswer>();
    desk.answer = () => held.promise;
    await using http = await openHttp({}, { webhooks: { find: desk.find, limits: { ...limits, answerMs: 10_000 } } });
    const body = "x".repeat(1_000);
    const answers = Array.from({ length: 3 }, () => http.ask(path, post(body)));
    await until("three to be held", () => desk.requests.length === 3);
    expect((await http.ask(path, post(body))).status).toBe(429);
    held.resolve({ status: 200 });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await http.ask(path, post(body))).status).toBe(200);
  });
});
