import { Type } from "@sinclair/typebox";

/** The `[agents]` part of the configuration. */
export const agentsSettings = Type.Object({
  defaults: Type.Object(
    {
      model: Type.Object(
        {
          primary: Type.Optional(
            Type.String({ minLength: 1, description: "The model that answers, as provider/model." }),
          ),
        },
        { default: {} },
      ),
      workspace: Type.Optional(
        Type.String({
          minLength: 1,
          restart: true,
          description: "The folder the agent works in; `workspace` in the home folder when not set.",
        }),
      ),
      maxSteps: Type.Integer({
        minimum: 1,
        maximum: 1_000,
        default: 40,
        description: "How many times one turn may ask the model before it ends without an answer.",
      }),
      timeoutSeconds: Type.Integer({
        minimum: 1,
        maximum: 86_400,
        default: 600,
        description: "How long one turn may take.",
      }),
    },
    { default: {} },
  ),
});
