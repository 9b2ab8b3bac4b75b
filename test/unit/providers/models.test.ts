import { describe, expect, test } from "bun:test";
import { Secret, silentLog } from "#base";
import { createModels, type ModelsSettings } from "#providers";
import { Value } from "@sinclair/typebox/value";
import { ProviderSettings } from "../../../src/providers/settings.ts";

/** Settings as a file would give them, with the defaults filled in and the keys made secret. */
function settingsOf(providers: Record<string, Record<string, unknown>>): ModelsSettings {
  const entries = Object.entries(providers).map(([id, { apiKey, ...rest }]) => {
    const filled: unknown = Value.Default(ProviderSettings, { ...rest });
    Value.Assert(ProviderSettings, filled);
    return [id, { ...filled, ...(typeof apiKey === "string" ? { apiKey: new Secret(apiKey) } : {}) }] as const;
  });
  return { providers: Object.fromEntries(entries) };
}

function modelsOf(providers: Record<string, Record<string, unknown>>, primary?: string) {
  const settings = settingsOf(providers);
  return createModels({ settings: () => settings, primary: () => primary, log: silentLog });
}

const local = { api: "openai-completions", baseUrl: "http://127.0.0.1:1/v1" };
const two = {
  openai: {
    ...local,
    models: [{ id: "gpt-5", name: "GPT 5", contextWindow: 400_000, maxTokens: 32_000, input: ["text", "image"] }],
  },
  openrouter: { ...local, models: [{ id: "anthropic/claude-x" }] },
};

test.each([
  ["the demo answers", {}, undefined, undefined],
  ["the default is listed", two, "openai/gpt-5", undefined],
  ["the default is not listed, but its provider is there", two, "openai/other", undefined],
  ["the default is listed under a name alone", two, "gpt-5", undefined],
  ["the default has no provider", two, "opnai/gpt-5", "There is no provider “opnai”"],
  ["the demo is asked for beside a real one", two, "demo/demo", "The demo model answers only as long as"],
  ["there is nothing to choose from", { openai: local }, undefined, "No model is listed"],
])("when %s, trouble is told before the first message", (_when, providers, primary, trouble) => {
  const told = modelsOf(providers, primary).trouble();
  if (trouble === undefined) expect(told).toBeUndefined();
  else expect(told).toStartWith(trouble);
});

describe("which model answers", () => {
  test("the demo, when nothing is configured", async () => {
    const models = modelsOf({});
    expect(models.defaultId()).toBe("demo/demo");
    expect(await models.resolve()).toMatchObject({ found: true, id: "demo/demo", providerId: "demo" });
    expect(models.list()).toMatchObject([{ id: "demo/demo", provider: "demo", isDefault: true }]);
  });

  test.each([
    ["a default model is set that does not resolve", {}, "openai/gpt-5"],
    ["a provider is there without models", { openai: local }, undefined],
    ["a provider is there", two, undefined],
    ["the default model names no provider", two, "opnai/gpt-5"],
  ])("never the demo once %s", async (_when, providers, primary) => {
    const models = modelsOf(providers, primary);
    const resolved = [await models.resolve(), await models.resolve("demo/demo")];
    expect(resolved.map((one) => one.found && one.providerId)).not.toContain("demo");
    expect(resolved[1]).toMatchObject({ found: false, because: expect.stringContaining("demo model") });
    expect(models.list().map((row) => row.provider)).not.toContain("demo");
  });

  test("the default one, or the first that is listed", async () => {
    expect(await modelsOf(two, "openrouter/anthropic/claude-x").resolve()).toMatchObject({
      found: true,
      id: "openrouter/anthropic/claude-x",
      providerId: "openrouter",
      model: { id: "anthropic/claude-x", contextWindow: 128_000, maxTokens: 8_192, input: ["text"] },
    });
    expect(await modelsOf({ empty: local, ...two }).resolve()).toMatchObject({
      id: "openai/gpt-5",
      model: { id: "gpt-5", name: "GPT 5", contextWindow: 400_000, maxTokens: 32_000, input: ["text", "image"] },
    });
  });

  test("one that is not listed, of a provider that is known", async () => {
    expect(await modelsOf(two).resolve("openai/gpt-6/preview")).toMatchObject({
      found: true,
      id: "openai/gpt-6/preview",
      model: { id: "gpt-6/preview", contextWindow: 128_000, maxTokens: 8_192, input: ["text"] },
    });
  });

  test("a listed one by its name alone, also when that has a slash", async () => {
    expect(await modelsOf(two).resolve("gpt-5")).toMatchObject({ id: "openai/gpt-5" });
    expect(await modelsOf(two).resolve("anthropic/claude-x")).toMatchObject({ id: "openrouter/anthropic/claude-x" });
  });

  test("the provider with the longer name, when both could be meant", async () => {
    const models = modelsOf({ a: local, "a/b": local });
    expect(await models.resolve("a/b/c")).toMatchObject({ providerId: "a/b", model: { id: "c" } });
  });
});

describe("what is said when there is none", () => {
  test.each([
    ["opnai/gpt-5", "set models.providers.opnai", "openai/gpt-5"],
    ["openaj/gpt-7", "set models.providers.openaj", "openai/gpt-7"],
    ["gpt-6", "<provider>/<model>", undefined],
    ["openai/", "There is no", undefined],
  ])("for %p", async (id, sentence, nearest) => {
    const resolved = await modelsOf(two).resolve(id);
    expect(resolved).toMatchObject({ found: false, because: expect.stringContaining(sentence) });
    if (nearest !== undefined) expect(resolved).toMatchObject({ nearest });
  });

  test("for providers that list nothing", async () => {
    const because = expect.stringContaining("models.providers.<name>.models");
    expect(await modelsOf({ openai: local }).resolve()).toEqual({ found: false, because });
  });

  test("for a key that cannot be sent, without showing it", async () => {
    const resolved = await modelsOf({ openai: { ...local, apiKey: "sk-\u{1F511}-secret" } }).resolve("openai/x");
    expect(resolved).toMatchObject({ found: false, because: expect.stringContaining("models.providers.openai") });
    expect(JSON.stringify(resolved)).not.toContain("-secret");
  });
});

describe("the list", () => {
  test("has every listed model, and marks the default one", () => {
    expect(modelsOf(two, "openrouter/anthropic/claude-x").list()).toEqual([
      {
        id: "openai/gpt-5",
        provider: "openai",
        name: "GPT 5",
        contextWindow: 400_000,
        maxTokens: 32_000,
        input: ["text", "image"],
        isDefault: false,
      },
      {
        id: "openrouter/anthropic/claude-x",
        provider: "openrouter",
        name: "anthropic/claude-x",
        contextWindow: 128_000,
        maxTokens: 8_192,
        input: ["text"],
        isDefault: true,
      },
    ]);
  });

  test("has the default one also when it is not listed, but none that cannot answer", () => {
    expect(modelsOf(two, "openai/gpt-9").list()[0]).toMatchObject({ id: "openai/gpt-9", isDefault: true });
    expect(
      modelsOf(two, "nobody/x")
        .list()
        .some((row) => row.isDefault),
    ).toBeFalse();
  });
});

test("a provider stays open until its settings are others", async () => {
  let settings = settingsOf(two);
  const models = createModels({ settings: () => settings, primary: () => undefined, log: silentLog });
  const open = async (id: string) => {
    const resolved = await models.resolve(id);
    return resolved.found ? resolved.provider : undefined;
  };
  const [first, other] = [await open("openai/gpt-5"), await open("openrouter/x")];
  expect(await open("openai/gpt-6")).toBe(first);
  settings = { providers: { ...settings.providers, ...settingsOf({ openai: two.openai }).providers } };
  expect(await open("openai/gpt-5")).not.toBe(first);
  expect(await open("openrouter/x")).toBe(other);
  settings = { providers: {} };
  expect(await models.resolve("openai/gpt-5")).toMatchObject({ found: false });
});

test("opened at the same time, it is opened once", async () => {
  const models = modelsOf(two);
  const both = await Promise.all([models.resolve("openai/gpt-5"), models.resolve("openai/gpt-6")]);
  expect(both[0].found && both[1].found && both[0].provider === both[1].provider).toBeTrue();
});
