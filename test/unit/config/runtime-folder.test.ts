import { expect, test } from "bun:test";
import { locateRuntime } from "#config";

test.each([
  ["the folder that the session has", { XDG_RUNTIME_DIR: "/run/user/7" }, "linux", "/run/user/7/openclaw"],
  ["on Windows the folder that stays on the machine", { LOCALAPPDATA: "/local" }, "win32", "/local/openclaw-runtime"],
  ["else a folder of the user's own", { TMPDIR: "/t" }, "darwin", `/t/openclaw-${process.getuid?.()}`],
  ["none by a relative path", { XDG_RUNTIME_DIR: "run", TMPDIR: "/t" }, "darwin", `/t/openclaw-${process.getuid?.()}`],
] as const)("gateways meet in %s", (_what, environment, platform, path) => {
  expect(locateRuntime(environment, platform)).toBe(path);
});
