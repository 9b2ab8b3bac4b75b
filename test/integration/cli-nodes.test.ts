import { expect, test } from "bun:test";
import { cli } from "../support/cli.ts";
import { startFakeGateway } from "../support/fake-gateway.ts";

const token = "s3cret-token";
const laptop = {
  nodeId: `abcdef0${"1".repeat(57)}`,
  displayName: "lap\u001B[2Jtop",
  platform: "linux",
  connected: true,
  approvalState: "approved",
  caps: ["system"],
  commands: ["system.which"],
};
const phone = { ...laptop, nodeId: `abcdef1${"1".repeat(57)}`, displayName: "phone", connected: false };
const pending = { requestId: "r1", caps: [], commands: ["system.run"] };

const methods = {
  "node.list": () => ({ ts: 1, nodes: [laptop, phone] }),
  "node.describe": () => ({ ts: 1, ...laptop, pending }),
  "node.invoke": () => ({ ok: true, payload: { bins: {} }, payloadJSON: '{"bins":{}}' }),
  "node.pair.list": () => ({
    pending: [{ ...laptop, ...pending, requiredApproveScopes: ["operator.pairing", "operator.admin"] }],
    paired: [],
  }),
  "node.pair.approve": () => ({ requestId: "r1", node: laptop }),
  "node.pair.reject": () => ({ requestId: "r1", nodeId: laptop.nodeId }),
  "node.pair.remove": () => ({ nodeId: laptop.nodeId, removed: true }),
  "node.rename": () => ({ nodeId: laptop.nodeId, displayName: "x" }),
};

async function run(...argv: string[]) {
  await using gateway = startFakeGateway({ methods });
  const result = await cli(["nodes", ...argv], { port: gateway.port, token });
  return { ...result, calls: gateway.calls.filter(({ method }) => method !== "node.list") };
}

test("list shows each node on a line, and nothing that a terminal would act on", async () => {
  const { stdout } = await run("list");
  expect(stdout).toMatch(/^abcdef011111 +lap\\x1b\[2Jtop +linux +connected +approved +1$/m);
  expect(stdout).toMatch(/^abcdef111111 +phone +linux +away/m);
});

test("describe shows what waits for approval", async () => {
  const { stdout, calls } = await run("describe", "abcdef0");
  expect(stdout).toMatch(/^commands +system.which$/m);
  expect(stdout).toMatch(/^waiting +system.run \(request r1\)$/m);
  expect(calls).toEqual([{ method: "node.describe", params: { nodeId: laptop.nodeId } }]);
});

test("pending says who wants what, and what it takes to approve it", async () => {
  const { stdout } = await run("pending");
  expect(stdout).toContain("r1  lap\\x1b[2Jtop abcdef011111, linux\n  wants: system.run\n");
  expect(stdout).toContain("needs: operator.pairing, operator.admin");
  expect(JSON.parse((await run("pending", "--json")).stdout)).toMatchObject({ paired: [] });
});

test("invoke asks the node that is meant, and prints the answer", async () => {
  const { stdout, calls } = await run("invoke", "phone", "system.which", "--params", '{"bins":["git"]}');
  expect(JSON.parse(stdout)).toMatchObject({ payload: { bins: {} } });
  const params = { nodeId: phone.nodeId, command: "system.which", params: { bins: ["git"] }, timeoutMs: 30_000 };
  expect(calls).toEqual([{ method: "node.invoke", params }]);
  expect(await run("invoke", "phone", "system.which", "--params", "nonsense")).toMatchObject({
    exitCode: 2,
    calls: [],
  });
});

test.each([
  [["approve", "r1"], "node.pair.approve", { requestId: "r1" }, "Approved r1."],
  [["reject", "r1"], "node.pair.reject", { requestId: "r1" }, "Rejected r1."],
  [["remove", "phone"], "node.pair.remove", { nodeId: phone.nodeId }, "Nothing of phone is approved any more."],
  [["rename", "phone", "x"], "node.rename", { nodeId: phone.nodeId, displayName: "x" }, " is called x now."],
])("%p calls %s", async (argv, method, params, said) => {
  const { exitCode, stdout, calls } = await run(...argv);
  expect({ exitCode, calls }).toEqual({ exitCode: 0, calls: [{ method, params }] });
  expect(stdout).toContain(said);
  expect(JSON.parse((await run(...argv, "--json")).stdout)).toBeObject();
});

test.each([
  ["abcdef", "nodeAmbiguous"],
  ["abc", "nodeNotFound"],
  ["tablet", "nodeNotFound"],
])("%s means no single node", async (wanted, type) => {
  const { exitCode, stdout, calls } = await run("remove", wanted, "--json");
  expect({ exitCode, calls }).toEqual({ exitCode: 1, calls: [] });
  expect(JSON.parse(stdout)).toMatchObject({ error: { type } });
});
