/** Run as a process by the lock test: says whether it got the lock, and holds it until it is ended. */
import { acquireLock } from "#storage";

const lock = acquireLock(process.argv[2] ?? "");
process.stdout.write(`${JSON.stringify(lock)}\n`);
if (lock.held) await Bun.stdin.text();
if (lock.held) lock.release();
