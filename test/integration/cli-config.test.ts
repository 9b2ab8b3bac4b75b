import { expect, test } from "bun:test";
import { cli, fakeConfig } from "../support/cli.ts";

test("get prints values, groups as JSON, and no secret", async () => {
  expect(await cli(["config", "get", "gateway.bind"])).toMatchObject({ exitCode: 0, stdout: "loopback\n" });
  expect((await cli(["config", "get", "gateway.bind", "--json"])).stdout).toBe('"loopback"\n');
  expect((await cli(["config", "get", "gateway.port"])).stdout).toBe("1\n");
  expect(JSON.parse((await cli(["config", "get"])).stdout)).toHaveProperty("gateway.port", 1);
  for (const argv of [["get"], ["get", "gateway.auth.token"], ["get", "gateway.auth.token", "--json"], ["explain"]]) {
    const { stdout, stderr } = await cli(["config", ...argv]);
    expect(stdout).toContain("[secret]");
    expect(stdout + stderr).not.toContain("hunter2");
  }
});

test("an unknown path is told in the settings' own words", async () => {
  const run = await cli(["config", "get", "nope", "--json"]);
  expect(run.exitCode).toBe(1);
  expect(JSON.parse(run.stdout)).toEqual({
    ok: false,
    error: { type: "configInvalid", message: "There is no setting “nope”." },
  });
});

test("set writes the value in its type, and says what counts from when", async () => {
  const config = fakeConfig();
  const run = await cli(["config", "set", "gateway.port", "9000"], { config });
  expect(config.get("gateway.port")).toBe(9_000);
  expect(run.stdout).toContain("gateway.port = 9000");
  expect(run.stdout).toContain("it counts from the next start.");
  await cli(["config", "set", "gateway.bind", "9000", "--string"], { config });
  expect(config.get("gateway.bind")).toBe("9000");
  const lost = await cli(["config", "set", "gateway.bind", "lan"], { config });
  expect(lost.stdout).toContain("OPENCLAW_GATEWAY_BIND is set, and counts more than the file");
  await cli(["config", "unset", "gateway.port"], { config });
  expect(config.get("gateway.port")).toBeUndefined();
});

test("set reads a secret from stdin as text", async () => {
  const config = fakeConfig();
  const run = await cli(["config", "set", "gateway.auth.token", "-"], { config, stdin: "123456\n" });
  expect(config.get("gateway.auth.token")).toBe("123456");
  expect(run.stdout).toContain('gateway.auth.token = "[secret]"');
  expect(run.stdout + run.stderr).not.toContain("123456");
});

test("explain shows where values come from", async () => {
  const { stdout } = await cli(["config", "explain", "gateway.bind"]);
  expect(stdout).toMatch(/^gateway.bind +"loopback" +environment +OPENCLAW_GATEWAY_BIND$/m);
  expect(stdout).toContain("About gateway.bind.");
});

test("validate, path and schema", async () => {
  const valid = await cli(["config", "validate"]);
  expect(valid).toMatchObject({ exitCode: 0, stderr: "" });
  expect(valid.stdout).toContain("did you mean gateway.port?");
  expect(JSON.parse((await cli(["config", "validate", "--json"])).stdout)).toMatchObject({ ok: true });
  expect((await cli(["config", "path"])).stdout).toBe("/nowhere/openclaw.toml\n");
  expect(JSON.parse((await cli(["config", "schema"])).stdout)).toEqual({ type: "object" });
});
