import { Type } from "@sinclair/typebox";
import { clip, nearest } from "#base";
import { fault } from "#protocol";
import { closed, defineMethod } from "../method.ts";
import type { Services } from "../services.ts";
import { readSessionKey, SessionKey } from "../session-key.ts";
import { activeKeys, SessionRow, sessionRow, Thinking, Verbose } from "../session-row.ts";

/** What can be set on one session. */
export const SessionChange = Type.Object({
  model: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Null()])),
  label: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Null()])),
  thinking: Type.Optional(Type.Union([Thinking, Type.Null()])),
  verbose: Type.Optional(Type.Union([Verbose, Type.Null()])),
});

export const sessionsPatch = defineMethod({
  name: "sessions.patch",
  summary: "Sets the model, label, thinking or verbosity of a session; null goes back to what is configured.",
  scope: "operator.write",
  effect: "once",
  route: { verb: "PATCH", path: "/sessions/{sessionKey}" },
  params: Type.Object({ sessionKey: SessionKey, ...SessionChange.properties }, closed),
  result: Type.Object({ session: SessionRow }),
  handle: async ({ sessionKey, ...change }, { services }) => {
    const key = readSessionKey(sessionKey, services);
    if (typeof change.model === "string") checkModel(change.model, services);
    return { session: sessionRow(await services.sessions.patch(key, change), activeKeys(services)) };
  },
});

/** The provider must be one that is there; which models it has it knows best, so any of its names may be tried. */
export function checkModel(model: string, { models, modelProviders }: Services): void {
  const providers = modelProviders();
  if (providers.some((name) => model.startsWith(`${name}/`) && model.length > name.length + 1)) return;
  const meant = nearest(
    model,
    models().map((one) => one.id),
  );
  const hint = meant
    ? `did you mean “${meant}”?`
    : `name it provider/model, with one of the providers ${providers.join(", ")}`;
  throw fault.modelNotFound({ model: clip(model, 128), hint });
}
