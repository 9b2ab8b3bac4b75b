import { wireEvents } from "#rpc";
import { code } from "./markdown.ts";
import { asJson, shapeOf } from "./shape.ts";

/** What clients of the JSON-RPC dialect are told. */
export function eventsChapter(): string {
  const parts = wireEvents.map(({ name, summary, scope, isDroppable, payload }) =>
    [
      `### ${name}`,
      "",
      `${summary}${isDroppable ? " A client that is slow to read may miss it." : ""}`,
      "",
      `- for: ${scope}`,
      `- payload: ${code(shapeOf(asJson(payload)))}`,
    ].join("\n"),
  );
  return ["## Events", ...parts].join("\n\n");
}
