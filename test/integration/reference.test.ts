import { expect, test } from "bun:test";
import { join } from "node:path";
import { commands } from "#cli";
import { faultCodes } from "#protocol";
import { methods } from "#rpc";
import { tempFolder } from "../support/temp-folder.ts";

test("the reference names every command, method and fault, and settings with value, default and bounds", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "reference.md");
  const script = join(import.meta.dir, "../../scripts/reference.ts");
  const run = Bun.spawn([process.execPath, "run", script, file], { stdout: "pipe", stderr: "pipe" });
  expect({ said: await run.stderr.text(), code: await run.exited }).toEqual({ said: "", code: 0 });

  const page = await Bun.file(file).text();
  const titles = new Set([...page.matchAll(/^### (.+)$/gm)].map(([_line, title]) => title));
  expect([...commands.map(({ path }) => path.join(" ")), ...methods.map(({ name }) => name)]).toSatisfy((names) =>
    names.every((name: string) => titles.has(name)),
  );
  for (const code of faultCodes()) expect(page).toContain(`| \`${code}\` | -32`);
  expect(page).toContain("| `gateway.port` | `integer(0..65535)` | `18789` |");
  expect(page).toContain("| `channels.telegram.accounts.<name>.token` |");
  expect(page).toContain("| `bindings.[].match.channel` |");
  expect(page).not.toContain("[object Object]");
});
