import {
  type Home,
  locateHome,
  prepareHome,
  readEnvironment,
  readOrMakeDeviceKey,
  readOrMakeToken,
  readToken,
} from "#config";
import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { problemOf } from "./installation.ts";

test("the home follows OPENCLAW_HOME, XDG_CONFIG_HOME, HOME, and never the working directory", () => {
  expect(locateHome({ OPENCLAW_HOME: "/a", XDG_CONFIG_HOME: "/b" }).root).toBe("/a");
  expect(locateHome({ XDG_CONFIG_HOME: "/b", HOME: "/c" }).root).toBe("/b/openclaw");
  expect(locateHome({ XDG_CONFIG_HOME: "relative", HOME: "/c" }).root).toBe("/c/.config/openclaw");
  expect(locateHome({}).root).toBe(join(homedir(), ".config", "openclaw"));
  expect(isAbsolute(locateHome({ OPENCLAW_HOME: "here" }).token)).toBe(true);
});

test("a tilde is the person's own folder, where no shell has looked at it either", () => {
  expect(locateHome({ OPENCLAW_HOME: "~/bots/a", HOME: "/c" }).root).toBe("/c/bots/a");
  expect(locateHome({ OPENCLAW_HOME: "~", HOME: "/c" }).root).toBe("/c");
  expect(locateHome({ OPENCLAW_HOME: "/a/~/b", HOME: "/c" }).root).toBe("/a/~/b");
  expect(locateHome({ OPENCLAW_HOME: "~other", HOME: "/c" }).root).toEndWith("/~other");
});

test("on Windows the home lies where applications keep what stays on the machine", () => {
  const environment = { LOCALAPPDATA: "/local", XDG_CONFIG_HOME: "/b", USERPROFILE: "/profile" };
  expect(locateHome(environment, "win32").root).toBe("/local/openclaw");
  expect(locateHome({ ...environment, LOCALAPPDATA: "" }, "win32").root).toBe("/profile/.config/openclaw");
  expect(locateHome(environment, "linux").root).toBe("/b/openclaw");
  expect(locateHome({ ...environment, OPENCLAW_HOME: "/a" }, "win32").root).toBe("/a");
});

test("the token is made once, for the owner only, whatever the umask", () => {
  using place = temporary();
  const umask = process.umask(0o000);
  try {
    const first = readOrMakeToken(place.home);
    expect(first).toMatchObject({ isNew: true, warnings: [] });
    expect(first.token.reveal()).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(place.home.token).mode & 0o777).toBe(0o600);
    expect(readdirSync(place.home.state).toSorted()).toEqual(["logs", "token"]);
    const second = readOrMakeToken(place.home);
    expect(second).toMatchObject({ isNew: false, warnings: [] });
    expect(second.token.reveal()).toBe(first.token.reveal());
    expect(readToken(place.home)?.reveal()).toBe(first.token.reveal());
    expect(JSON.stringify(first) + Bun.inspect(first)).not.toContain(first.token.reveal());
  } finally {
    process.umask(umask);
  }
});

test.each([0o000, 0o077, 0o277])("folders are the owner's alone under umask %o", (mask) => {
  using place = temporary();
  const umask = process.umask(mask);
  try {
    expect(prepareHome(place.home)).toEqual([]);
  } finally {
    process.umask(umask);
  }
  const { root, credentials, plugins, state, workspace } = place.home;
  for (const folder of [root, credentials, plugins, state, workspace, join(state, "logs")]) {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
});

test("what was open to others is closed, with a warning", () => {
  using place = temporary();
  readOrMakeToken(place.home);
  chmodSync(place.home.token, 0o644);
  chmodSync(place.home.state, 0o755);
  const { warnings, isNew } = readOrMakeToken(place.home);
  expect(isNew).toBe(false);
  expect(warnings).toHaveLength(2);
  expect(warnings.join()).toContain(`${place.home.token} was readable by others`);
  expect(statSync(place.home.token).mode & 0o777).toBe(0o600);
  expect(statSync(place.home.state).mode & 0o777).toBe(0o700);
});

test("no token is no token; a file without one is refused and kept", async () => {
  using place = temporary();
  expect(readToken(place.home)).toBeUndefined();
  mkdirSync(place.home.state, { recursive: true, mode: 0o700 });
  for (const text of ["", " \n", "two words"]) {
    writeFileSync(place.home.token, text);
    expect(await problemOf(() => readOrMakeToken(place.home))).toContain("holds no token");
    expect(readFileSync(place.home.token, "utf8")).toBe(text);
  }
});

test("the key of device tokens is made once, for the owner only, and nothing shorter is taken for it", async () => {
  using place = temporary();
  const made = readOrMakeDeviceKey(place.home);
  expect(made.key.reveal()).toMatch(/^[0-9a-f]{64}$/);
  expect(statSync(place.home.deviceKey).mode & 0o777).toBe(0o600);
  expect(dirname(place.home.deviceKey)).toBe(place.home.state);
  chmodSync(place.home.deviceKey, 0o644);
  const again = readOrMakeDeviceKey(place.home);
  expect(again.key.reveal()).toBe(made.key.reveal());
  expect(again.warnings.join()).toContain("was readable by others");
  expect(statSync(place.home.deviceKey).mode & 0o777).toBe(0o600);
  for (const text of ["", "a", made.key.reveal().slice(1)]) {
    writeFileSync(place.home.deviceKey, text);
    expect(await problemOf(() => readOrMakeDeviceKey(place.home))).toContain("holds no device key");
    expect(readFileSync(place.home.deviceKey, "utf8")).toBe(text);
  }
});

test("a folder that others use is refused and left as it is", async () => {
  using place = temporary();
  mkdirSync(place.home.root, { recursive: true });
  chmodSync(place.home.root, 0o1777);
  expect(await problemOf(() => prepareHome(place.home))).toContain("is used by others too");
  expect(statSync(place.home.root).mode & 0o7777).toBe(0o1777);
});

test("a home that cannot be made is told in one sentence", async () => {
  using place = temporary();
  writeFileSync(place.home.root, "a file");
  expect(await problemOf(() => readOrMakeToken(place.home))).toMatch(
    /cannot be prepared: something else has that name \(EEXIST\)/,
  );
  expect(existsSync(place.home.state)).toBe(false);
});

test("the environment is a copy", () => {
  const environment = readEnvironment();
  expect(environment["PATH"]).toBe(process.env["PATH"] ?? "");
  environment["CHANGED_HERE"] = "1";
  expect(process.env["CHANGED_HERE"]).toBeUndefined();
});

function temporary(): { readonly home: Home } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "home-"));
  return {
    home: locateHome({ OPENCLAW_HOME: join(folder, "home") }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
