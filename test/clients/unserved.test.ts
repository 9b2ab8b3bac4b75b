import { expect, test } from "bun:test";
import { refusals } from "./unserved.ts";

const texts = (frames: readonly object[]) => frames.map((frame) => JSON.stringify(frame));

test("a refusal is told with the method that was refused, an answer is not", () => {
  const asked = [
    { type: "req", id: "1", method: "health" },
    { type: "req", id: "2", method: "no.such" },
  ];
  const said = [
    { type: "res", id: "1", ok: true, payload: {} },
    { type: "event", event: "tick" },
    { type: "res", id: "2", ok: false, error: { code: "INVALID_REQUEST", message: "unknown method: no.such" } },
    { type: "res", id: "invalid", ok: false, error: { code: "INVALID_REQUEST", message: "a frame is a JSON object" } },
  ];
  expect(refusals({ asked: texts(asked), said: texts(said) })).toEqual([
    "no.such: unknown method: no.such",
    "unknown: a frame is a JSON object",
  ]);
});
