import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelCall, Reply } from "../support/fake-model.ts";
import { type House, openHouse } from "./house.ts";
import { enter, escape, sitDown } from "./screen.ts";

const opened = new AsyncDisposableStack();
const found: { house?: House } = {};
const goOn = Promise.withResolvers<void>();
const never = new Promise<void>(() => undefined);
beforeAll(async () => {
  found.house = opened.use(await openHouse("TUI", answer));
});
afterAll(() => opened.disposeAsync());

function answer(call: ModelCall): Reply {
  const { text = "", role } = call.messages.at(-1) ?? {};
  if (role === "tool") return `The tool said: ${text}`;
  if (text === "tell me slowly") return { parts: ["The beginning ", goOn.promise, "and the end."] };
  if (text === "never stop") return { parts: ["Still at it ", never] };
  if (text === "write a note") {
    return {
      parts: ["A moment.", { toolCall: { id: "c1", name: "write", args: { path: "note.txt", content: "x" } } }],
    };
  }
  return `${call.model} heard: ${text}`;
}

function house(): House {
  if (!found.house) throw new Error("the house is not open");
  return found.house;
}

async function start() {
  const person = sitDown(house().environment, house().home);
  await person.see("gateway connected | idle");
  return person;
}

test("an answer is on the screen while it streams", async () => {
  await using person = await start();
  person.type(`tell me slowly${enter}`);
  await person.see("The beginning");
  expect(person.unread()).not.toContain("and the end.");
  goOn.resolve();
  await person.see("and the end.");
  await person.see("connected | idle");
});

test("a tool call is shown, and does what it says", async () => {
  await using person = await start();
  person.type(`/verbose full${enter}`);
  await person.see("verbose full | deliver");
  person.type(`write a note${enter}`);
  await person.see("to note.txt (1 chars)");
  await person.see("Created note.txt (1 bytes).");
  await person.see("The tool said: Created note.txt (1 bytes).");
  const note = join(house().gateway.home, "workspace/note.txt");
  expect(existsSync(note) && readFileSync(note, "utf8")).toBe("x");
});

test("Escape stops the turn, and the model is no longer asked", async () => {
  await using person = await start();
  person.type(`never stop${enter}`);
  await person.see("Still at it");
  person.type(escape);
  await person.see("run aborted");
  await house().model.idle();
});

test("/model changes who answers", async () => {
  await using person = await start();
  person.type(`/model fake/fake-2${enter}`);
  await person.see("model set to fake/fake-2");
  await person.see("fake-2 | verbose full");
  person.type(`who are you${enter}`);
  await person.see("fake-2 heard: who are you");
  expect(house().model.requests.at(-1)?.model).toBe("fake-2");
});

test("who comes back sees the conversation, in its order", async () => {
  await using person = sitDown(house().environment, house().home);
  for (const text of [
    "tell me slowly",
    "The beginning and the end.",
    "Created note.txt",
    "Still at it",
    "fake-2 heard",
  ]) {
    await person.see(text);
  }
  await person.see("fake-2 | verbose full");
});

test("all that the gateway said fits the original's schema", () => {
  expect(house().relay.said.length).toBeGreaterThan(40);
  house().expectSchema();
});
