import { join } from "node:path";
import type { Installation } from "./installation.ts";

export interface Step {
  readonly name: string;
  /** Throws when it is not so; what it returns is worth telling. */
  run(at: Installation): Promise<string | void>;
}

/** In this order: each finds what the ones before it left. */
export const steps: readonly Step[] = [
  { name: "says its version", run: async (at) => found(await at.openclaw("--version"), /^openclaw (\S+)$/m) },
  { name: "explains itself", run: async (at) => found(await at.openclaw("--help"), /gateway run/) },
  {
    name: "changes a setting",
    async run(at) {
      await at.openclaw("config", "set", "runtime.max_queue", "99");
      found(await at.openclaw("config", "get", "runtime.max_queue"), /^99$/m);
      return found(await at.openclaw("config", "path"), /^(.*openclaw\.toml)$/m);
    },
  },
  {
    name: "starts, and takes nothing from the folder it is started in",
    async run(at) {
      await Bun.write(join(at.folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
      await Bun.write(join(at.folder, "evil.ts"), 'require("node:fs").writeFileSync("it-ran", "");\n');
      await Bun.write(join(at.folder, ".env"), "OPENCLAW_RUNTIME_MAX_QUEUE=1\n");
      await at.start();
      found(await at.openclaw("config", "get", "runtime.max_queue"), /^99$/m);
      if (await Bun.file(join(at.folder, "it-ran")).exists()) throw new Error("bunfig.toml made it run a program");
    },
  },
  { name: "answers", run: async (at) => found(await at.say("hello"), /you said “hello”/) },
  {
    name: "writes, reads and finds a file of the workspace, and none outside",
    async run(at) {
      found(await at.say("write notes/one.txt: the needle"), /Created notes\/one\.txt/);
      found(await at.say("read notes/one.txt"), /says:\n.*the needle/);
      found(await at.say("write notes/one.txt: the needle, again"), /notes\/one\.txt/);
      found(await at.say("search needle"), /notes\/one\.txt:1: the needle, again/);
      found(await at.say("read ../openclaw.toml"), /is outside the workspace/);
    },
  },
  {
    name: "runs a command apart from the machine, or says why not",
    run: async (at) => found(await at.say('run: echo "one two"'), /says:\n(one two)|was not run\. (.*)/),
  },
  {
    name: "lets no second gateway onto its state, and names the first",
    async run(at) {
      const pid = found(await at.openclaw("status", "--json"), /"pid": ?(\d+)/);
      found(await at.refused("gateway", "run"), new RegExp(`process ${pid}\\b`));
    },
  },
  { name: "stops", run: (at) => at.stop() },
  {
    name: "remembers after a restart",
    async run(at) {
      await at.openclaw("config", "set", "sandbox.mode", "never");
      await at.start();
      found(await at.openclaw("sessions", "show", "main"), /the needle, again/);
    },
  },
  {
    name: "runs a command on the machine itself when told to",
    run: async (at) => found(await at.say('run: echo "one two"'), /says:\n"?one two/),
  },
  {
    name: "ends what a command leaves running",
    async run(at) {
      const late = at.isWindows
        ? 'start /b cmd /c "ping -n 3 127.0.0.1 >nul & echo x > late.txt"'
        : "(sleep 1; echo x > late.txt) > /dev/null 2>&1 &";
      found(await at.say(`run: ${late}`), /the tool “bash” s/);
      await Bun.sleep(3_000);
      found(await at.say("read late.txt"), /does not exist/);
    },
  },
  { name: "stops again", run: (at) => at.stop() },
];

/** The first group that matched; empty when the pattern has none. */
function found(text: string, pattern: RegExp): string {
  const match = pattern.exec(text);
  if (match) return match.slice(1).find((group) => group !== undefined) ?? "";
  throw new Error(`expected ${pattern}, found:\n${text}`);
}
