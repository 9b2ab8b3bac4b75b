import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquireLock } from "#storage";
import { tempFolder } from "../support/storage.ts";

test("one process holds the lock; the next one learns who", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.lock");
  await using holder = await spawnHolder(path);
  expect(holder.answer).toEqual({ held: true });
  expect(acquireLock(path)).toEqual({ held: false, pid: holder.pid });
  await using third = await spawnHolder(path);
  expect(third.answer).toEqual({ held: false, pid: holder.pid });
});

test("kill -9 gives the lock free at once", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.lock");
  for (let round = 0; round < 3; round++) {
    await using holder = await spawnHolder(path);
    expect(holder.answer).toEqual({ held: true });
    await holder.kill();
    const lock = acquireLock(path);
    expect(lock.held).toBe(true);
    if (lock.held) lock.release();
  }
});

test("a lock that is released can be taken again, and leaves no pid behind", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.lock");
  const first = acquireLock(path);
  expect(acquireLock(path)).toEqual({ held: false, pid: process.pid });
  if (first.held) first.release();
  if (first.held) first.release();
  expect(existsSync(`${path}.pid`)).toBe(false);
  const second = acquireLock(path);
  expect(second.held).toBe(true);
  if (second.held) second.release();
});

test("what the holder says of itself is told on one line, and of a dead one nothing is", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.lock");
  const lock = acquireLock(path, "home\nof somebody");
  expect(acquireLock(path)).toEqual({ held: false, pid: process.pid, note: "home of somebody" });
  const dead = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
  await dead.exited;
  writeFileSync(`${path}.pid`, `${dead.pid}\nhome\n`);
  expect(acquireLock(path)).toEqual({ held: false });
  if (lock.held) lock.release();
});

test("the pid of a dead process is not told", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "gateway.lock");
  const lock = acquireLock(path);
  const dead = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
  await dead.exited;
  writeFileSync(`${path}.pid`, `${dead.pid}\n`);
  expect(acquireLock(path)).toEqual({ held: false });
  if (lock.held) lock.release();
});

test("a place where no lock can be made is an error, not a lock that someone holds", () => {
  using folder = tempFolder();
  expect(() => acquireLock(join(folder.path, "missing", "gateway.lock"))).toThrow("cannot be used");
});

async function spawnHolder(path: string) {
  const holder = Bun.spawn([process.execPath, join(import.meta.dir, "../support/lock-holder.ts"), path], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const first = await holder.stdout.getReader().read();
  const answer: unknown = JSON.parse(new TextDecoder().decode(first.value));
  const kill = async () => {
    holder.kill("SIGKILL");
    await holder.exited;
  };
  return { answer, pid: holder.pid, kill, [Symbol.asyncDispose]: kill };
}
