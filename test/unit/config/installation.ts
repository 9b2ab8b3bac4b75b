import { openConfig, locateHome, SecretText } from "#config";
import { Type } from "@sinclair/typebox";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Shapes as the rooms declare them: defaults at every depth, records, lists, choices, secrets. */
export const schema = Type.Object({
  gateway: Type.Object({
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 18_789, restart: true, description: "TCP port." }),
    bind: Type.String({ minLength: 1, default: "loopback", restart: true }),
    auth: Type.Object(
      {
        mode: Type.Union([Type.Literal("token"), Type.Literal("none")], { default: "token", description: "Who may." }),
        token: Type.Optional(SecretText({ description: "The token.", alsoVariable: "OPENCLAW_GATEWAY_TOKEN" })),
      },
      { default: {} },
    ),
    allowedHosts: Type.Array(Type.String({ minLength: 1 }), { default: [] }),
  }),
  runtime: Type.Object({
    workerConcurrency: Type.Integer({ minimum: 1, default: 4 }),
    isVerbose: Type.Boolean({ default: false }),
    ratio: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  }),
  models: Type.Object({
    default: Type.Optional(
      Type.Union([
        Type.String({ minLength: 1 }),
        Type.Object({ primary: Type.String(), fallbackModels: Type.Array(Type.String(), { default: [] }) }),
      ]),
    ),
    providers: Type.Record(
      Type.String(),
      Type.Object({
        api: Type.Union([Type.Literal("openai-completions"), Type.Literal("anthropic-messages")]),
        baseUrl: Type.Optional(Type.String({ minLength: 1 })),
        apiKey: Type.Optional(SecretText({ description: "The key." })),
        headers: Type.Optional(Type.Record(Type.String(), Type.String())),
        models: Type.Array(Type.Object({ id: Type.String(), contextWindow: Type.Integer({ default: 128_000 }) }), {
          default: [],
        }),
      }),
      { default: {} },
    ),
  }),
  hooks: Type.Object({
    accounts: Type.Array(Type.Object({ name: Type.String(), apiToken: SecretText({ description: "Its token." }) }), {
      default: [],
    }),
    keys: Type.Array(SecretText({ description: "A key." }), { default: [] }),
    extra: Type.Optional(Type.Unknown()),
  }),
});

/** A home in a temporary folder, gone at the end of the block. */
export function installation(files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  const home = locateHome({ OPENCLAW_HOME: join(folder, "home") });
  mkdirSync(home.root, { recursive: true });
  const at = (name: string) => join(home.root, name);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(at(name), text);
    chmodSync(at(name), 0o600);
  }
  return {
    home,
    at,
    read: (name = "openclaw.toml") => readFileSync(at(name), "utf8"),
    write: (text: string, name = "openclaw.toml") => writeFileSync(at(name), text, { mode: 0o600 }),
    open: (given: Given = {}) =>
      openConfig({ schema, home, environment: given.environment ?? {}, flags: given.flags ?? {}, file: given.file }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Given {
  readonly environment?: Record<string, string | undefined>;
  readonly flags?: Record<string, unknown>;
  readonly file?: string;
}

/** What the fault says that `step` throws, or rejects with. */
export async function problemOf(step: () => unknown): Promise<string> {
  try {
    await step();
  } catch (error) {
    if (error instanceof Error && error.name === "Fault") return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}
