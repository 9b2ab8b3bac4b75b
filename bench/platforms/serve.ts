/**
 * A process of its own with accounts of three fake platforms and a model that takes no time: `bun serve.ts <accounts of each>
 * <chats of each account>`. Says what the gateway's settings must be, then does what it is told.
 */
import { fakeModelConfig } from "../../test/support/gateway-process.ts";
import { startFakeModel } from "../../test/support/fake-model.ts";
import { openDiscordSide } from "./discord.ts";
import { Crowd, type Load, type Outcome } from "./drive.ts";
import type { OpenSide, Side } from "./side.ts";
import { openSlackSide } from "./slack.ts";
import { openTelegramSide } from "./telegram.ts";

export type Said =
  | { readonly type: "open"; readonly config: string }
  | { readonly type: "connected" }
  | { readonly type: "driven"; readonly outcome: Outcome };

export type Wish = { readonly type: "connect" } | ({ readonly type: "drive" } & Load);

const [accounts = 1, chats = 1] = process.argv.slice(2).map(Number);
const openers: readonly OpenSide[] = [openTelegramSide, openDiscordSide, openSlackSide];

/** A thousand turns a second that take some milliseconds each; what is usual is for models that think for seconds. */
const turnsAtOnce = 32;

const echo = startFakeModel({
  script: (call) => ({ parts: [call.messages.findLast(({ role }) => role === "user")?.text ?? ""] }),
  remember: 0,
});
const sides: Side[] = [];
for (let i = 0; i < accounts; i++) {
  for (const open of openers) sides.push(await open(`${10 + i}`, chats));
}

const crowd = new Crowd(sides, chats);

process.on("message", (wish: Wish) => void grant(wish));
process.on("disconnect", () => process.exit()); // whoever started it is gone
say({ type: "open", config: configOf(echo.url) });

async function grant(wish: Wish): Promise<void> {
  if (wish.type === "drive") return say({ type: "driven", outcome: await crowd.drive(wish) });
  while (!sides.every(({ isConnected }) => isConnected)) await Bun.sleep(20);
  say({ type: "connected" });
}

function say(said: Said): void {
  process.send?.(said);
}

function configOf(modelUrl: string): string {
  const tables = sides.map(({ channel, settings }, i) => {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    const open = 'dm_policy = "open"\nallow_from = ["*"]';
    return `[channels.${channel}.accounts.a${i}]\n${lines.join("\n")}\n${open}\n`;
  });
  const session = '[session]\ndm_scope = "per-account-channel-peer"\n';
  return [fakeModelConfig(modelUrl), session, `[runtime]\nworker_concurrency = ${turnsAtOnce}\n`, ...tables].join("\n");
}
