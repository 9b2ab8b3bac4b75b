import { type Static, Type } from "@sinclair/typebox";

/** What names an agent in a chat: words as people write them, no regular expressions. */
export const mentionPatterns = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
  maxItems: 50,
  description: "Words that name the agent in a group, like @molly; upper and lower case alike.",
});

const maxSteps = {
  minimum: 1,
  maximum: 1_000,
  description: "How many times one turn may ask the model before it ends without an answer.",
};
const timeoutSeconds = { minimum: 1, maximum: 86_400, description: "How long one turn may take." };
const primary = Type.Optional(Type.String({ minLength: 1, description: "The model that answers, as provider/model." }));
const toolNames = Type.Array(Type.String({ minLength: 1 }));

/** One agent of the list. What it does not say counts as in the defaults. */
const AgentEntry = Type.Object({
  id: Type.String({
    pattern: "^[a-z0-9][a-z0-9_-]{0,63}$",
    description: "Lower-case letters, digits, - and _; it names sessions, bindings and the workspace.",
  }),
  default: Type.Optional(
    Type.Boolean({
      description: "It answers where no binding names another; the first of the list unless one says so.",
    }),
  ),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "For people." })),
  workspace: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "The folder that it works in, which no other agent has; `workspace-<id>` in the home folder when not set.",
    }),
  ),
  model: Type.Optional(Type.Object({ primary })),
  tools: Type.Optional(
    Type.Object({
      allow: Type.Optional(toolNames),
      deny: Type.Optional(toolNames),
    }),
  ),
  groupChat: Type.Optional(Type.Object({ mentionPatterns: Type.Optional(mentionPatterns) })),
  maxSteps: Type.Optional(Type.Integer(maxSteps)),
  timeoutSeconds: Type.Optional(Type.Integer(timeoutSeconds)),
});

/** The `[agents]` part of the configuration. */
export const agentsSettings = Type.Object({
  defaults: Type.Object(
    {
      model: Type.Object({ primary }, { default: {} }),
      workspace: Type.Optional(
        Type.String({
          minLength: 1,
          description: "The folder the default agent works in; `workspace` in the home folder when not set.",
        }),
      ),
      maxSteps: Type.Integer({ ...maxSteps, default: 40 }),
      timeoutSeconds: Type.Integer({ ...timeoutSeconds, default: 600 }),
    },
    { default: {} },
  ),
  list: Type.Array(AgentEntry, {
    default: [],
    maxItems: 200,
    description: "The agents, each with its own workspace, tools and model; one named main when this is empty.",
  }),
});
export type AgentsSettings = Static<typeof agentsSettings>;
