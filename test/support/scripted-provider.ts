import { noUsage, type Usage } from "#protocol";
import type { ModelEvent, ModelRequest, Provider } from "#providers";

/** A provider that plays back what a model said, one list per call, and remembers what it was asked. */
export function scriptedProvider(
  ...script: readonly (readonly ModelEvent[])[]
): Provider & { readonly asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  return {
    asked,
    async *stream(request) {
      const events = script[asked.length] ?? [
        { type: "failed", problem: { kind: "badResponse", message: "the script ran out" } },
      ];
      asked.push(request);
      yield* events;
    },
  };
}

export function says(text: string, usage: Usage = { ...noUsage, input: 10, output: 2 }): ModelEvent[] {
  return [
    { type: "text", delta: text },
    { type: "done", stop: "stop", usage },
  ];
}

export function calls(...named: readonly (readonly [id: string, name: string, args: unknown])[]): ModelEvent[] {
  return [
    ...named.map(([id, name, args]): ModelEvent => ({ type: "toolCall", id, name, args })),
    { type: "done", stop: "toolUse", usage: noUsage },
  ];
}
