import { methods } from "#rpc";
import { code } from "./markdown.ts";
import { asJson, shapeOf } from "./shape.ts";

/** Every method, for both dialects, with its place in REST where it has one. */
export function methodsChapter(): string {
  const parts = methods.map(({ name, summary, scope, role, route, params, result }) => {
    const who = [scope, ...(role === undefined ? [] : [`role ${role}`])].join(", ");
    const rest = route && `- REST: ${code(`${route.verb} /api/v1${route.path}`)}`;
    return [
      `### ${name}`,
      "",
      summary,
      "",
      `- for: ${who}`,
      ...(rest ? [rest] : []),
      `- params: ${code(shapeOf(asJson(params)))}`,
      `- result: ${code(shapeOf(asJson(result)))}`,
    ].join("\n");
  });
  return ["## Methods", ...parts].join("\n\n");
}
