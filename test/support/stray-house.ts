/**
 * A gateway as a person runs it, with two accounts of a channel whose library breaks: each opening throws, and once more in
 * a promise and in a timer that nobody waits for.
 */
import { openTerminal } from "#cli";
import { locateHome } from "#config";
import { runGateway } from "../../src/run-gateway.ts";
import { parrot } from "./parrot.ts";

const breaking = parrot(async ({ settings }) => {
  const token = settings.botToken.reveal();
  void Promise.reject(new Error(`a stray rejection of ${token}`));
  setTimeout(() => {
    throw new Error(`a stray exception of ${token}`);
  });
  throw new Error("no perch");
});
const options = { home: locateHome(Bun.env), environment: Bun.env, version: "0.0.0-stray", channels: [breaking] };
const port = process.argv.at(-1) ?? "0";
process.exit(await runGateway({ ...options, flags: { "gateway.port": port } }, openTerminal()));
