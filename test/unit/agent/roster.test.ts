import { expect, test } from "bun:test";
import { type AgentsSettings, checkAgents, rosterOf } from "#agent";

const defaults = { model: { primary: "p/usual" }, workspace: "w", maxSteps: 40, timeoutSeconds: 600 };

function settings(...list: AgentsSettings["list"]): AgentsSettings {
  return { defaults, list };
}

test("without a list there is one agent, main, as the defaults say", () => {
  const roster = rosterOf(settings());
  expect(roster.agents).toEqual([
    { id: "main", isDefault: true, workspace: "w", model: "p/usual", tools: {}, maxSteps: 40, timeoutSeconds: 600 },
  ]);
  expect(roster.find("main")).toBe(roster.main);
  expect(roster.find("other")).toBeUndefined();
});

test("what an agent does not say counts from the defaults; the folder of the defaults is the default agent's alone", () => {
  const { agents, main } = rosterOf(
    settings({ id: "a", model: { primary: "p/own" }, maxSteps: 2 }, { id: "b", default: true, timeoutSeconds: 9 }),
  );
  expect(main.id).toBe("b");
  expect(agents).toMatchObject([
    { id: "a", isDefault: false, model: "p/own", maxSteps: 2, timeoutSeconds: 600 },
    { id: "b", isDefault: true, workspace: "w", model: "p/usual", maxSteps: 40, timeoutSeconds: 9 },
  ]);
  expect(agents[0]?.workspace).toBeUndefined();
});

test("where none says that it is the default one, the first is", () => {
  expect(rosterOf(settings({ id: "a" }, { id: "b" })).main.id).toBe("a");
});

test("a list says which of its entries cannot be meant", () => {
  const tools = ["bash", "read"];
  expect(checkAgents(settings({ id: "a", default: true, tools: { allow: ["read"], deny: ["bash"] } }), tools)).toEqual(
    [],
  );
  expect(
    checkAgents(
      settings({ id: "a", default: true }, { id: "a" }, { id: "b", default: true, tools: { deny: ["bsh", "exec"] } }),
      tools,
    ),
  ).toEqual([
    "agents.list[1].id: there are two agents “a”.",
    "agents.list[2].default: “a” is the default agent already.",
    "agents.list[2].tools.deny: there is no tool “bsh”; did you mean bash?",
    "agents.list[2].tools.deny: there is no tool “exec”; the tools are: bash, read.",
  ]);
});
