/** The command line as a process of its own, for what needs a real terminal: `bun cli-process.ts <port> <token> …argv`. */
import { Secret } from "#base";
import { openTerminal, runCli } from "#cli";
import { locateHome } from "#config";
import { fakeConfig, fakeInstallation, someVersion } from "./cli.ts";

const [port, token, ...argv] = process.argv.slice(2);
const terminal = openTerminal();
const exitCode = await runCli(argv, {
  ...terminal,
  environment: process.env,
  home: locateHome({ HOME: "/nowhere" }),
  version: someVersion,
  ...fakeInstallation(fakeConfig({ port: Number(port) })),
  readToken: () => Promise.resolve(new Secret(token ?? "")),
  runGateway: () =>
    new Promise((resolve) => {
      terminal.signal.addEventListener("abort", () => resolve(0), { once: true });
      process.stdout.write("running\n");
    }),
});
process.exit(exitCode);
