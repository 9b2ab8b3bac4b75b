import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { faultCodes, faults } from "#protocol";
import { openHttp } from "../../support/open-http.ts";

const http = await openHttp();
afterAll(() => http[Symbol.asyncDispose]());

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: unknown }[];
  readonly requestBody?: { content: Record<string, { schema: { properties: object; required?: string[] } }> };
  readonly responses: Record<string, { description?: string; $ref?: string; content?: object }>;
}
interface Document {
  readonly openapi: string;
  readonly info: { version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, unknown>>;
}

const load = async () => (await (await http.ask("/openapi.json")).json()) as Document;
const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );

test("the document is for everybody, and is OpenAPI 3.1", async () => {
  const response = await http.ask("/openapi.json");
  expect([response.status, response.headers.get("content-type")]).toMatchObject([200, expect.stringContaining("json")]);
  expect(await response.json()).toMatchObject({
    openapi: "3.1.0",
    info: { version: "1.2.3" },
    servers: [{ url: "/" }],
  });
});

test("every method that has a route is in it, once, and nothing else is below /api/v1", async () => {
  const listed = operations(await load())
    .filter(({ path }) => path.startsWith("/api/v1/"))
    .map(({ path, verb, operation }) => `${operation.operationId} ${verb} ${path}`);
  const expected = http.rpc.methods.flatMap(({ name, route }) =>
    route ? [`${name} ${route.verb.toLowerCase()} /api/v1${route.path}`] : [],
  );
  expect(listed.toSorted()).toEqual(expected.toSorted());
});

test("every operation has an id of its own, a summary, answers, and declares the parameters of its path", async () => {
  const all = operations(await load());
  expect(all.length).toBeGreaterThan(15);
  expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
  for (const { path, verb, operation } of all) {
    expect(operation.summary, path).not.toBeEmpty();
    expect(Object.keys(operation.responses), path).toContain("200");
    for (const [status, answer] of Object.entries(operation.responses)) {
      expect(status).toMatch(/^[1-5]\d\d$/);
      expect(answer.$ref ?? answer.description, `${verb} ${path} ${status}`).toBeString();
    }
    const inPath = (operation.parameters ?? []).filter((one) => one.in === "path");
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual([...(path.match(/\{\w+\}/g) ?? [])]);
    expect(inPath.every(({ required }) => required)).toBeTrue();
    expect(operation.requestBody === undefined, `${verb} ${path}`).toBe(verb === "get");
  }
});

test("every reference leads somewhere, and every status of a fault is described", async () => {
  const document = await load();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((found) => found[1] ?? "");
  expect(references.length).toBeGreaterThan(20);
  for (const reference of new Set(references)) {
    const target = reference
      .replace(/^#\//, "")
      .split("/")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
    expect(target, reference).toBeObject();
  }
  const described = JSON.stringify(document.components["responses"]);
  for (const code of faultCodes()) expect(described).toContain(code);
  const writing = document.paths["/api/v1/chat"]?.["post"];
  for (const code of faultCodes()) expect(Object.keys(writing?.responses ?? {})).toContain(String(faults[code].status));
});

test("params become parameters and bodies as the routes read them", async () => {
  const { paths } = await load();
  const list = paths["/api/v1/sessions"]?.["get"]?.parameters;
  expect(list).toContainEqual({ name: "limit", in: "query", required: false, schema: { type: "integer", minimum: 1 } });
  const history = paths["/api/v1/sessions/{sessionKey}/history"]?.["get"]?.parameters;
  expect(history?.map((one) => `${one.in} ${one.name}`)).toEqual(["path sessionKey", "query limit"]);
  const patch = paths["/api/v1/sessions/{sessionKey}"]?.["patch"]?.requestBody?.content["application/json"]?.schema;
  expect(patch).toMatchObject({ type: "object", required: ["label"], additionalProperties: false });
  expect(Object.keys(patch?.properties ?? {})).toEqual(["label"]);
  expect(paths["/api/v1/full"]?.["post"]?.security).toEqual([]);
  expect(paths["/api/v1/chat"]?.["post"]?.security).toBeUndefined();
});

test("the page loads nothing from elsewhere, and its policy allows nothing but what it needs", async () => {
  const response = await http.ask("/docs");
  const page = await response.text();
  expect(response.headers.get("content-type")).toStartWith("text/html");
  const sources = [...page.matchAll(/(?:src|href|data-url)="([^"]+)"/g)].map((found) => found[1]);
  expect(sources).toEqual(["openapi.json", "/docs/reference.js"]);
  expect(page).not.toMatch(/https?:/);

  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  for (const [, inline] of page.matchAll(/<(?:style|script)[^>]*>([^<]+)<\//g)) {
    const hash = new Bun.CryptoHasher("sha256").update(inline ?? "").digest("base64");
    expect(policy).toContain(`'sha256-${hash}'`);
  }
});

test.each(["/docs", "/docs/reference.js", "/openapi.json"])("%s says the same each time it is asked", async (path) => {
  const first = await http.ask(path);
  const said = await first.text();
  for (let times = 0; times < 3; times++) {
    const again = await http.ask(path);
    expect([again.status, await again.text()]).toEqual([200, said]);
    expect(again.headers.get("content-security-policy")).toBe(first.headers.get("content-security-policy"));
  }
});

test("the script of the page is served, parses, and is one the page may run", async () => {
  const response = await http.ask("/docs/reference.js");
  expect([response.status, response.headers.get("content-type")]).toMatchObject([
    200,
    expect.stringContaining("javascript"),
  ]);
  const script = await response.text();
  expect(() => new Bun.Transpiler({ loader: "js" }).transformSync(script)).not.toThrow();
  expect(script).not.toMatch(/innerHTML|eval|document\.write/);
});

// In a process of its own: in this one other tests have loaded everything already.
test("Elysia is loaded for the first request that needs a route, the documentation for the first reader", async () => {
  const program = join(import.meta.dir, "../../support/lazy-http.ts");
  const run = Bun.spawn([process.execPath, program], { stdout: "pipe", stderr: "inherit" });
  const seen = JSON.parse(await new Response(run.stdout).text()) as Record<string, string[]>;
  expect(await run.exited).toBe(0);
  expect(seen).toEqual({
    started: [],
    probed: [],
    connected: [],
    called: ["elysia"],
    read: ["@elysiajs/swagger", "elysia"],
  });
});
