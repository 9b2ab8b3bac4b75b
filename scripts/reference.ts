/**
 * Writes the reference, from the same tables that the gateway works by:
 *
 *     npm run reference -- [file]
 *
 * Without a file it is `dist/reference.md`, beside the executables that it describes.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { commandsChapter } from "./reference/commands.ts";
import { eventsChapter } from "./reference/events.ts";
import { faultsChapter } from "./reference/faults.ts";
import { methodsChapter } from "./reference/methods.ts";
import { settingsChapter } from "./reference/settings.ts";
import { version } from "../src/version.ts";

const chapters = [commandsChapter, settingsChapter, methodsChapter, eventsChapter, faultsChapter];

const file = resolve(Bun.argv[2] ?? join(import.meta.dir, "../dist/reference.md"));
await mkdir(dirname(file), { recursive: true });
await Bun.write(
  file,
  [`# OpenClaw ${version.version}: reference`, ...chapters.map((write) => write())].join("\n\n") + "\n",
);
console.log(file);
