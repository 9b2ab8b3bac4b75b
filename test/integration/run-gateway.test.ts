import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Terminal } from "#cli";
import { locateHome } from "#config";
import { runGateway } from "../../src/run-gateway.ts";
import { SocketClient } from "../support/socket-client.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { until } from "../support/until.ts";

/** A terminal that keeps what is written, until `end` is asked for. */
function terminal() {
  const end = new AbortController();
  const written: string[] = [];
  const output = {
    isTty: false,
    write: async (text: string) => {
      written.push(text);
    },
  };
  const made: Terminal = {
    stdout: output,
    stderr: output,
    stdin: { isTty: false, readAll: nobody },
    signal: end.signal,
    takeInterrupts: nobody,
    takeHangups: () => ({ [Symbol.dispose]() {} }),
    openEditor: nobody,
  };
  return { terminal: made, text: () => written.join(""), end: () => end.abort(new Error("enough")) };
}

test("says where it is, how to get in and who answers; ends when it is told to, and the home is free", async () => {
  using folder = tempFolder();
  const home = locateHome({ OPENCLAW_HOME: folder.path });
  const options = { home, environment: {}, flags: { "gateway.port": 0 }, version: "1.2.3" };
  for (const life of [1, 2]) {
    const seen = terminal();
    const running = runGateway(options, seen.terminal);
    const url = await until("the greeting", () => /OpenClaw 1\.2\.3 listens on (http:\S+)/.exec(seen.text())?.[1]);
    expect(seen.text(), `life ${life}`).toContain(`Token: in ${home.token}\n`);
    expect(seen.text()).toContain("Model: demo/demo");
    const [, line = ""] = /from another terminal:\n {2}(.+)\n/.exec(seen.text()) ?? [];
    expect(line).toContain(`--url ${url.replace("http", "ws")}`);
    expect(line).toContain(`--token-file ${home.token}`);
    const token = (await Bun.file(home.token).text()).trim();
    expect(seen.text()).not.toContain(token);
    await using client = await SocketClient.open(`${url.replace("http", "ws")}/ws`, token);
    expect(await client.chat("hello")).toMatchObject({ state: "final" });
    seen.end();
    expect(await running).toBe(0);
    expect(seen.text()).toEndWith("Stopping: running turns may finish …\n");
  }
});

test.each([
  [{}, "npm run -s openclaw -- chat -m"],
  [{ npm_config_user_agent: "npm/11.0.0 node/v24.0.0 linux x64" }, "npm run -s openclaw -- chat -m"],
  [{ npm_config_user_agent: "bun/1.4.4 npm/? node/v24.0.0 linux x64" }, "bun run --silent openclaw chat -m"],
])("started by %p it gives the line for that, and names the settings, there or not", async (environment, line) => {
  using folder = tempFolder();
  const home = locateHome({ OPENCLAW_HOME: folder.path });
  const file = join(folder.path, "openclaw.toml");
  const flags = { "gateway.port": 0, "gateway.auth.mode": "none" };
  for (const settings of [`${file} (not there yet, so the defaults count)`, file]) {
    const seen = terminal();
    seen.end();
    await runGateway({ home, environment, flags, version: "1" }, seen.terminal);
    expect(seen.text()).toContain(`\nSettings: ${settings}\nToken: nobody is asked for one\n`);
    expect(seen.text()).toContain(`another terminal:\n  ${line} "hello"`);
    expect(seen.text()).toContain("\nWarning: Authentication is off");
    writeFileSync(file, "", { mode: 0o600 });
  }
});

test("a terminal that is gone before the start is no reason to stay", async () => {
  using folder = tempFolder();
  const home = locateHome({ OPENCLAW_HOME: folder.path });
  const seen = terminal();
  seen.end();
  expect(await runGateway({ home, environment: {}, flags: { "gateway.port": 0 }, version: "1" }, seen.terminal)).toBe(
    0,
  );
});

function nobody(): never {
  throw new Error("nobody types here");
}
