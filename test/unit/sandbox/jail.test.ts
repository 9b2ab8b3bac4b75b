import { describe, expect, test } from "bun:test";
import { JailError, type Jail, openJail } from "#sandbox";
import { chmod, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { namesBelow } from "../../../src/sandbox/jail-path.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const canary = "CANARY";
const bytes = (text: string) => new TextEncoder().encode(text);
const text = async (reading: Promise<Uint8Array>) => new TextDecoder().decode(await reading);
const list = (jail: Jail, path = ".") => jail.list(path, { most: 100, skip: new Set() });

/** A workspace beside a folder with a secret, in a folder that is gone afterwards. */
async function house() {
  const folder = tempFolder();
  const [root, outside] = [join(folder.path, "ws"), join(folder.path, "outside")];
  await mkdir(join(root, "sub"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, "secret"), canary);
  await writeFile(join(root, "a.txt"), "in a");
  await writeFile(join(root, "sub/b.txt"), "in b");
  return { jail: await openJail(root), root, outside, [Symbol.asyncDispose]: async () => folder[Symbol.dispose]() };
}

test("a workspace that is gone is told as such, and back when it is made again", async () => {
  await using at = await house();
  await rm(at.root, { recursive: true });
  for (const attempt of [
    () => at.jail.read("a.txt", 100),
    () => at.jail.write("a.txt", bytes("x")),
    () => list(at.jail),
  ]) {
    expect(attempt()).rejects.toThrow("the workspace folder is not there any more");
  }
  await mkdir(at.root);
  await at.jail.write("a.txt", bytes("new"));
  expect(await text(at.jail.read("a.txt", 100))).toBe("new");
});

/** What is in the outside folder, to see that nothing came or went. */
async function snapshot(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return Promise.all(names.toSorted().map(async (name) => `${name}: ${await readFile(join(folder, name), "utf8")}`));
}

test("files are read, written and listed by paths from the root", async () => {
  await using at = await house();
  expect(await text(at.jail.read("a.txt", 100))).toBe("in a");
  expect(await text(at.jail.read("sub/../sub/b.txt", 100))).toBe("in b");
  expect(await text(at.jail.read(join(at.root, "sub/b.txt"), 100))).toBe("in b");
  expect(await at.jail.write("new/deep/c.txt", bytes("in c"))).toEqual({ created: true });
  expect(await at.jail.write("a.txt", bytes("changed"))).toEqual({ created: false });
  expect(await readFile(join(at.root, "a.txt"), "utf8")).toBe("changed");
  expect(await list(at.jail)).toEqual({ paths: ["a.txt", "new/deep/c.txt", "sub/b.txt"], isComplete: true });
  expect(await list(at.jail, "sub")).toEqual({ paths: ["sub/b.txt"], isComplete: true });
  expect(await list(at.jail, "sub/b.txt")).toEqual({ paths: ["sub/b.txt"], isComplete: true });
});

test("a file is created only where nothing has its name, be it a link to nowhere, and once when two want it", async () => {
  await using at = await house();
  await symlink("../outside/new", join(at.root, "link"));
  expect(await at.jail.create("new/deep/c.txt", bytes("in c"))).toEqual({ created: true });
  expect(await text(at.jail.read("new/deep/c.txt", 100))).toBe("in c");
  for (const taken of ["a.txt", "sub", "link"]) {
    expect(await at.jail.create(taken, bytes("other")), taken).toEqual({ created: false });
  }
  const both = await Promise.all(["one", "two"].map((content) => at.jail.create("both.txt", bytes(content))));
  expect(both.filter(({ created }) => created)).toHaveLength(1);
  expect(await text(at.jail.read("both.txt", 100))).toBe(both[0]?.created ? "one" : "two");
  expect(await readFile(join(at.root, "a.txt"), "utf8")).toBe("in a");
  expect((await readdir(at.root)).toSorted()).toEqual(["a.txt", "both.txt", "link", "new", "sub"]);
  expect(await readdir(at.outside)).toEqual(["secret"]);
});

describe("forty ways to write a path", () => {
  test("none leads out, whatever is done", async () => {
    await using at = await house();
    const before = await snapshot(at.outside);
    const tried = forms(at.root, at.outside);
    expect(tried.length).toBeGreaterThanOrEqual(40);
    for (const path of tried) {
      const read = await text(at.jail.read(path, 1_000)).catch(planned);
      expect(read, `reading ${path}`).not.toContain(canary);
      expect(read, `reading ${path}`).not.toContain("root:");
      await at.jail.write(path, bytes("pwned")).catch(planned);
      await at.jail.create(path, bytes("pwned")).catch(planned);
      const listed = await list(at.jail, path).then(({ paths }) => paths, planned);
      expect(listed, `listing ${path}`).not.toContain("secret");
    }
    expect(await snapshot(at.outside)).toEqual(before);
    expect((await readdir(join(at.root, ".."))).toSorted()).toEqual(["outside", "ws"]);
  });

  test.each([
    ["../outside/secret", "outside the workspace"],
    ["/etc/passwd", "outside the workspace"],
    ["file:///etc/passwd", "is a URL"],
    ["~/x", "starts with ~"],
    ["C:\\x", "drive"],
    ["\\\\host\\x", "network path"],
    ["a\0", "NUL"],
    ["a".repeat(5_000), "too long"],
    ["a".repeat(300), "too long"],
    [".", "the workspace itself"],
    ["", "the workspace itself"],
    ["nothing/here", "does not exist"],
    ["sub", "is a folder"],
    ["a.txt/x", "only folders are entered"],
  ])("%# is refused with its reason", async (path, reason) => {
    await using at = await house();
    await expect(at.jail.read(path, 1_000)).rejects.toThrow(reason);
  });

  test.each([
    ["a.txt:hidden", "stream"],
    ["nul", "device"],
    ["a/CON.txt", "device"],
    ["COM1 .log", "device"],
    ["lpt²", "device"],
    ["what?.txt", "character"],
  ])("%s is a file's name anywhere but on Windows", (path, reason) => {
    expect(namesBelow("/ws", path, "linux")).toEqual(path.split("/"));
    expect(() => namesBelow("/ws", path, "win32")).toThrow(reason);
  });

  test.each(["console.txt", "a/nullable", "com10", "company"])("%s is a file's name on Windows too", (path) => {
    expect(namesBelow("/ws", path, "win32")).toEqual(path.split("/"));
  });
});

describe("symbolic links are not followed", () => {
  const links: readonly (readonly [string, string, string])[] = [
    ["a leaf that leads out", "leaf", "../outside/secret"],
    ["a leaf that leads to a file inside", "inner", "a.txt"],
    ["a dangling leaf", "dangling", "../outside/new"],
    ["a chain", "chain", "leaf2"],
    ["an absolute one", "abs", "/etc/passwd"],
    ["one to itself", "loop", "loop"],
  ];
  test.each(links)("%s", async (_what, name, target) => {
    await using at = await house();
    await symlink("../outside/secret", join(at.root, "leaf2"));
    await symlink(target, join(at.root, name));
    const before = await snapshot(at.outside);
    await expect(at.jail.read(name, 1_000)).rejects.toBeInstanceOf(JailError);
    await expect(at.jail.write(name, bytes("x"))).rejects.toThrow("symbolic link");
    await expect(at.jail.list(name, { most: 10, skip: new Set() })).rejects.toBeInstanceOf(JailError);
    expect((await list(at.jail)).paths).toEqual(["a.txt", "sub/b.txt"]);
    expect(await snapshot(at.outside)).toEqual(before);
    expect(await readFile(join(at.root, "a.txt"), "utf8")).toBe("in a");
  });

  test("as a parent, near or far", async () => {
    await using at = await house();
    await symlink("../outside", join(at.root, "out"));
    await symlink("sub", join(at.root, "in"));
    await mkdir(join(at.root, "x/y"), { recursive: true });
    await symlink("../../../outside", join(at.root, "x/y/z"));
    for (const path of ["out/secret", "in/b.txt", "x/y/z/secret", "out/../out/secret"]) {
      await expect(at.jail.read(path, 1_000)).rejects.toThrow("only folders are entered");
      await expect(at.jail.write(path, bytes("x"))).rejects.toThrow("only folders are entered");
      await expect(at.jail.write(`${path}.new/deep`, bytes("x"))).rejects.toThrow("only folders are entered");
    }
    await expect(at.jail.list("out", { most: 10, skip: new Set() })).rejects.toBeInstanceOf(JailError);
    expect(await snapshot(at.outside)).toEqual([`secret: ${canary}`]);
  });
});

test("what is no regular file is refused at once", async () => {
  await using at = await house();
  Bun.spawnSync(["mkfifo", join(at.root, "pipe")]);
  const server = Bun.listen({ unix: join(at.root, "socket"), socket: { data() {} } });
  for (const name of ["pipe", "socket", "sub"]) {
    await expect(at.jail.read(name, 1_000)).rejects.toBeInstanceOf(JailError);
    await expect(at.jail.write(name, bytes("x"))).rejects.toBeInstanceOf(JailError);
  }
  expect((await list(at.jail)).paths).toEqual(["a.txt", "sub/b.txt"]);
  server.stop(true);
});

test("a file with a second name may be read but is not overwritten", async () => {
  await using at = await house();
  await link(join(at.outside, "secret"), join(at.root, "hard"));
  await expect(at.jail.write("hard", bytes("x"))).rejects.toThrow("2 names");
  expect(await snapshot(at.outside)).toEqual([`secret: ${canary}`]);
});

test("the gateway's own folder cannot be reached where it lies in the workspace", async () => {
  await using at = await house();
  const state = join(at.root, "sub/state");
  await mkdir(join(state, "deep"), { recursive: true });
  await writeFile(join(state, "deep/key"), canary);
  const jail = await openJail(at.root, [state]);
  for (const path of ["sub/state/deep/key", "sub/state/new", `${state}/deep/key`, "sub/x/../state/deep/key"]) {
    await expect(jail.read(path, 1_000)).rejects.toThrow("own state");
    await expect(jail.write(path, bytes("x"))).rejects.toThrow("own state");
  }
  await expect(list(jail, "sub/state")).rejects.toThrow("own state");
  expect((await list(jail)).paths).toEqual(["a.txt", "sub/b.txt"]);
  await expect(openJail(state, [state])).rejects.toThrow("own state");
});

test("a write keeps the mode, leaves nothing behind, and drops set-user-id", async () => {
  await using at = await house();
  await chmod(join(at.root, "a.txt"), 0o4750);
  await at.jail.write("a.txt", bytes("new"));
  expect((await stat(join(at.root, "a.txt"))).mode & 0o7777).toBe(0o750);
  expect((await readdir(at.root)).toSorted()).toEqual(["a.txt", "sub"]);
});

test("readers see the old or the new content of a file, never a part", async () => {
  await using at = await house();
  const [old, next] = ["o".repeat(300_000), "n".repeat(500_000)];
  await at.jail.write("big", bytes(old));
  const seen = new Set<string>();
  for (let round = 0; round < 10; round++) {
    const writing = at.jail.write("big", bytes(round % 2 === 0 ? next : old));
    const reads = await Promise.all(Array.from({ length: 5 }, () => text(at.jail.read("big", 1_000_000))));
    for (const read of reads) seen.add(read === old ? "old" : read === next ? "new" : `torn: ${read.length}`);
    await writing;
  }
  expect([...seen].toSorted()).toEqual(["new", "old"]);
});

test("too large, too many and too deep are told", async () => {
  await using at = await house();
  await writeFile(join(at.root, "big"), "x".repeat(101));
  await expect(at.jail.read("big", 100)).rejects.toThrow("101 bytes large; at most 100");
  expect(await at.jail.list(".", { most: 2, skip: new Set() })).toEqual({ paths: ["a.txt", "big"], isComplete: false });
  expect(await at.jail.list(".", { most: 3, skip: new Set() })).toMatchObject({ isComplete: true });
  await mkdir(join(at.root, ...Array.from({ length: 80 }, () => "d")), { recursive: true });
  expect(await list(at.jail)).toMatchObject({ isComplete: false });
  expect(await at.jail.list(".", { most: 10, skip: new Set(["d", "sub"]) })).toEqual({
    paths: ["a.txt", "big"],
    isComplete: true,
  });
});

test("odd names are names", async () => {
  await using at = await house();
  for (const name of ["-rf", "a b", "new\nline", "$(id)", "ü".repeat(127), "%2e%2e", "@", "..."]) {
    await at.jail.write(name, bytes(name));
    expect(await text(at.jail.read(name, 1_000))).toBe(name);
    expect((await list(at.jail)).paths).toContain(name);
  }
});

/** What may come of a hostile path: a refusal. Anything else is ours to fix. */
function planned(error: unknown): string {
  expect(error).toBeInstanceOf(JailError);
  return "";
}

function forms(root: string, outside: string): string[] {
  return [
    "../outside/secret",
    "../../../../../../etc/passwd",
    "sub/../../outside/secret",
    "./../outside/secret",
    "sub/./../../outside/secret",
    "..",
    "../",
    "sub/../..",
    ".../outside/secret",
    "..//outside//secret",
    "/etc/passwd",
    "//etc/passwd",
    "/../etc/passwd",
    `${outside}/secret`,
    `${root}/../outside/secret`,
    `${root}x/secret`,
    root,
    "/",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    `file://${outside}/secret`,
    "http://127.0.0.1/etc/passwd",
    "~",
    "~/secret",
    "~root/.ssh/id_rsa",
    "@/etc/passwd",
    "@../outside/secret",
    "..\\outside\\secret",
    "sub\\..\\..\\outside\\secret",
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "\\\\host\\share\\secret",
    "\\\\?\\C:\\secret",
    "%2e%2e/outside/secret",
    "..%2foutside%2fsecret",
    "..%00/outside/secret",
    "../outside/secret\0.txt",
    "a.txt\0",
    "../outside/secret ",
    " ../outside/secret",
    "../outside/secret\n",
    "．．/outside/secret",
    "",
    ".",
    `${"a/".repeat(3_000)}b`,
    "a".repeat(300),
    "/proc/self/environ",
    "/proc/self/cwd/../outside/secret",
    "/dev/zero",
  ];
}
