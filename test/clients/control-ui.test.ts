import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ModelCall, Reply } from "../support/fake-model.ts";
import { token } from "../support/gateway-process.ts";
import { startRelay } from "../support/recording-relay.ts";
import { until } from "../support/until.ts";
import { type Browser, controlUi, launchBrowser, type Page } from "./browser.ts";
import { type House, openHouse } from "./house.ts";
import { findChromium } from "./installed.ts";

const chromium = findChromium();
const title = `the Control UI${chromium === undefined ? " (NOT TESTED: there is no Chromium)" : ""}`;

const opened = new AsyncDisposableStack();
const found: { house?: House; browser?: Browser; page?: Page } = {};
const problems: string[] = [];
/** What holds the answers up until it was looked at what is there of them. */
const held = {
  middle: Promise.withResolvers<void>(),
  end: Promise.withResolvers<void>(),
  tool: Promise.withResolvers<void>(),
};
const never = new Promise<void>(() => undefined);

function answer(call: ModelCall): Reply {
  const { text = "", role } = call.messages.at(-1) ?? {};
  if (role === "tool") return { parts: [held.tool.promise, `The tool said: ${text}`] };
  if (text === "tell me slowly") {
    return { parts: ["The beginning, ", held.middle.promise, "the middle ", held.end.promise, "and the end."] };
  }
  if (text === "never stop") return { parts: ["Still at it ", never] };
  if (text === "write a note") {
    return {
      parts: ["A moment.", { toolCall: { id: "c1", name: "write", args: { path: "note.txt", content: "x" } } }],
    };
  }
  return `Heard: ${text}`;
}

function house(): House {
  if (!found.house) throw new Error("the house is not open");
  return found.house;
}

function page(): Page {
  if (!found.page) throw new Error("the page is not open");
  return found.page;
}

async function openPage(address: string): Promise<Page> {
  if (!found.browser) throw new Error("the browser is not open");
  const fresh = await found.browser.newPage();
  fresh.setDefaultTimeout(20_000);
  fresh.on("pageerror", (error) => problems.push(String(error)));
  await fresh.goto(address);
  return fresh;
}

async function send(text: string): Promise<void> {
  const composer = page().getByLabel("Chat composer");
  await composer.fill(text);
  await composer.press("Enter");
}

const isIn = (shown: string, part: string | RegExp) =>
  typeof part === "string" ? shown.includes(part) : part.test(shown);
/** What a reader sees, in order. */
const textOf = (shown: Page) => shown.innerText("body");
const see = (shown: Page, text: string | RegExp) =>
  until(`${text} on the page`, async () => isIn(await textOf(shown), text), 20_000);

describe.skipIf(chromium === undefined)(title, () => {
  beforeAll(async () => {
    found.house = opened.use(await openHouse("Control UI", answer, { pages: controlUi }));
    const browser = await launchBrowser(chromium ?? "");
    opened.defer(() => browser.close());
    found.browser = browser;
    found.page = await openPage(`http://127.0.0.1:${house().port}/chat/main#token=${token}`);
  });
  afterAll(() => opened.disposeAsync());

  test("loads behind a web server of its own, and connects", async () => {
    await page().getByLabel("Chat composer").waitFor();
    await see(page(), "fake-1");
    expect(await textOf(page())).not.toContain("No AI provider");
  });

  test("an answer is on the page while it streams", async () => {
    await send("tell me slowly");
    await see(page(), "tell me slowly");
    await see(page(), "The beginning,");
    held.middle.resolve();
    await see(page(), "The beginning, the middle");
    expect(await textOf(page())).not.toContain("and the end.");
    held.end.resolve();
    await see(page(), "The beginning, the middle and the end.");
  });

  test("a tool call is shown before the answer, and with its outcome", async () => {
    await send("write a note");
    await see(page(), /Wrote\s+note\.txt/);
    held.tool.resolve();
    await see(page(), "The tool said: Created note.txt (1 bytes).");
  });

  test("the stop button ends the turn, and the model is no longer asked", async () => {
    await send("never stop");
    await see(page(), "Still at it");
    await page().getByRole("button", { name: /stop/i }).last().click();
    await see(page(), "Interrupted");
    await house().model.idle();
  });

  test("after a reload the conversation is there, in its order, and goes on", async () => {
    await page().reload();
    await see(
      page(),
      /tell me slowly.*The beginning, the middle and the end\..*write a note.*Wrote.*The tool said.*never stop/s,
    );
    await send("one more");
    await see(page(), "Heard: one more");
  });

  test("a wrong token is refused, and said to be", async () => {
    const stranger = await openPage(`http://127.0.0.1:${house().port}/chat/main#token=not-the-token`);
    await see(stranger, "rejected the supplied Gateway secret");
  });

  test("a page of another origin is refused, and said to be", async () => {
    await using elsewhere = startRelay(`ws://127.0.0.1:${house().gateway.port}`, { pages: controlUi });
    const stranger = await openPage(`http://127.0.0.1:${elsewhere.port}/chat/main#token=${token}`);
    await see(stranger, /unreachable|origin/i);
    expect(elsewhere.said.filter((text) => text.includes("hello-ok"))).toEqual([]);
  });

  test("nothing went wrong in the pages, and all that the gateway said fits the original's schema", () => {
    expect(problems).toEqual([]);
    expect(house().relay.said.length).toBeGreaterThan(40);
    house().expectSchema();
  });
});
