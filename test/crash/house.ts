/**
 * The gateway as the crash tests run it: the app as it is, a channel of pigeons more, and a place where it dies, named by
 * `CRASH_AT` as `name:n`, at the n-th time that it passes there. Prints one line when it is ready.
 */
import { readFileSync } from "node:fs";
import { armFailPoint } from "#base";
import { locateHome } from "#config";
import { openApp } from "../../src/app.ts";
import { openDovecote, pigeons } from "./pigeons.ts";

const { CRASH_AT: crashAt = "", PLATFORM_URL: platformUrl = "" } = Bun.env;
const [name = "", count = "1"] = crashAt.split(":");
if (name !== "") {
  const state = { left: Number(count) };
  armFailPoint(name, () => {
    if (--state.left === 0) process.kill(process.pid, "SIGKILL");
  });
}

const asked = new Promise<void>((resolve) => {
  process.once("SIGTERM", () => resolve());
});
{
  const port = process.argv.at(-1) ?? "0";
  await using app = await openApp({
    home: locateHome(Bun.env),
    environment: Bun.env,
    flags: { "gateway.port": port },
    version: "0.0.0-crash",
    channels: [pigeons(platformUrl)],
  });
  const token = readFileSync(app.tokenFile ?? "", "utf8").trim();
  using dovecote = openDovecote(token, app.receive);
  process.stdout.write(`ready ${app.url.port} ${dovecote.port}\n`);
  await asked;
}
process.exit(0);
