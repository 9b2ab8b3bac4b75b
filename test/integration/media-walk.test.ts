import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeModel } from "../support/fake-model.ts";
import { FakeTelegram } from "../support/fake-telegram.ts";
import { startFakeTranscriber } from "../support/fake-transcriber.ts";
import { fakeModelConfig } from "../support/gateway-process.ts";
import { openGateway, sharedToken } from "../support/open-gateway.ts";
import { until } from "../support/until.ts";

const prepare = async ({ root }: { readonly root: string }) => {
  mkdirSync(join(root, "work"), { recursive: true });
  writeFileSync(join(root, "work", "report.csv"), "a;b\n1;2\n");
};

test("a voice note that comes by Telegram is written down, and what it asks for goes back as a file, before the answer", async () => {
  const ogg = new Uint8Array([0x4f, 0x67, 0x67, 0x53, 7]);
  await using fake = new FakeTelegram();
  fake.file("v1", ogg);
  await using ears = startFakeTranscriber(() => "Send me the report.");
  await using model = startFakeModel({
    script: ({ messages }) =>
      messages.at(-1)?.role === "user"
        ? { parts: [{ toolCall: { id: "c1", name: "send_file", args: { path: "report.csv", caption: "**here**" } } }] }
        : "There it is.",
  });
  await using gateway = await openGateway(
    `${fakeModelConfig(model.url)}
    [agents.defaults]
    workspace = "work"
    [models.providers.ears]
    api = "openai-completions"
    base_url = "${ears.url}"
    [tools.media.audio]
    model = "ears/whisper-1"
    max_bytes = 1_000_000
    timeout_seconds = 30
    language = "en"
    [channels.telegram]
    token = "${fake.token}"
    api_root = "${fake.url}"
    dm_policy = "open"
    allow_from = ["*"]`,
    { OPENCLAW_GATEWAY_TOKEN: sharedToken },
    { prepare },
  );
  const voice = { file_id: "v1", file_unique_id: "v1", duration: 3, mime_type: "audio/ogg", file_size: ogg.length };
  fake.says("", { voice, text: undefined });
  await until("the answer", () => fake.chats.shown.length === 2);
  expect(ears.heard).toMatchObject([{ name: "recording.ogg", bytes: ogg, model: "whisper-1", language: "en" }]);
  expect(model.requests[0]?.messages.at(-1)?.text).toEndWith("\nSend me the report.");
  const [sent, answer] = fake.chats.shown;
  expect(sent).toMatchObject({ text: "here", files: [{ as: "document", name: "report.csv" }] });
  expect(answer).toMatchObject({ text: "There it is." });
  expect(gateway.app.warnings.join(" ")).not.toContain("media");
});
