import { faultCodes, faults } from "#protocol";
import type { AnyMethod } from "#rpc";
import { KindGuard, type TSchema, Type } from "@sinclair/typebox";
import { takesKey } from "../idempotency-key.ts";
import { fieldsOf, type RestRoute, restRoutes } from "../rest.ts";

/** As much of OpenAPI 3.1 as we write. Its schemas are JSON Schema, as TypeBox's are. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Answer>>;
  };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly [];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Answer | { readonly $ref: string }>>;
}
interface Parameter {
  readonly name: string;
  readonly in: "header" | "path" | "query";
  readonly required: boolean;
  readonly schema: Schema;
}
interface Content {
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}
type Answer = { readonly description: string } & Partial<Content>;
type Schema = Readonly<Record<string, unknown>>;

/** The HTTP surface, computed from the methods and the table of faults. */
export function openApiDocument(methods: readonly AnyMethod[], version: string): OpenApiDocument {
  return {
    openapi: "3.1.0",
    info: { title: "OpenClaw on Bun", version, description: about },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { gatewayToken: [] }],
    paths: { ...fixedPaths(methods), ...restPaths(restRoutes(methods)) },
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        gatewayToken: { type: "apiKey", in: "header", name: "X-Gateway-Token" },
      },
      schemas: { Error: plain(ErrorBody) },
      responses: faultResponses(),
    },
  };
}

const about =
  "Every method answers over the WebSocket at /ws, as JSON-RPC 2.0 at POST /rpc, and those listed below /api/v1 as REST too. " +
  "A path parameter cannot hold a slash or a percent sign, not even encoded; POST /rpc takes any value.";

const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String({ description: `A fault (${faultCodes().join(", ")}), or why the request was turned away.` }),
    message: Type.String({ description: "One sentence for a person." }),
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
});

function restPaths(routes: readonly RestRoute[]): OpenApiDocument["paths"] {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.verb.toLowerCase()]: operationOf(route) };
  }
  return paths;
}

function operationOf({ method, verb, names }: RestRoute): Operation {
  const fields = Object.entries(fieldsOf(method.params));
  const inPath = names.map((name) => [name, fieldsOf(method.params)[name] ?? Type.String()] as const);
  const inQuery = verb === "GET" ? fields.filter(([name]) => !names.includes(name)) : [];
  return {
    operationId: method.name,
    summary: method.summary,
    description: method.scope === "public" ? "Needs no credential." : `Needs the scope \`${method.scope}\`.`,
    tags: [method.name.split(".")[0] ?? method.name],
    ...(method.scope === "public" && { security: [] as const }),
    parameters: [
      ...(takesKey(method.params) && verb !== "GET" ? [keyHeader] : []),
      ...inPath.map(([name, schema]) => ({ name, in: "path" as const, required: true, schema: plain(schema) })),
      ...inQuery.map(([name, schema]) => ({
        name,
        in: "query" as const,
        required: !KindGuard.IsOptional(schema),
        schema: plain(schema),
      })),
    ],
    ...(verb !== "GET" && { requestBody: jsonContent(without(method.params, names)) }),
    responses: { "200": { description: "Done.", ...jsonContent(method.result) }, ...refusals(verb) },
  };
}

const keyHeader: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  schema: { type: "string", description: "The same as `idempotencyKey` in the body." },
};

/** What is not computed from a method's route: probes, JSON-RPC and what describes itself. */
function fixedPaths(methods: readonly AnyMethod[]): OpenApiDocument["paths"] {
  const status = methods.find(({ name }) => name === "status");
  return {
    "/health": { get: probe("How each component is; 503 when the gateway or its storage is not.") },
    "/healthz": { get: probe("Whether the process answers.") },
    "/readyz": { get: probe("Whether traffic may be sent here.") },
    "/startupz": { get: probe("Whether the start is over.") },
    "/openapi.json": { get: open("http.openapi", "This document.") },
    "/rpc": { post: rpcOperation },
    "/rpc/methods": {
      get: {
        operationId: "rpc.methods",
        summary: "Lists every method with its params and result as JSON Schema.",
        tags: ["rpc"],
        responses: { "200": { description: "The methods.", ...jsonContent(Type.Object({})) }, ...refusals("GET") },
      },
    },
    ...(status && { "/status": { get: operationOf({ method: status, verb: "GET", path: "/status", names: [] }) } }),
  };
}

const rpcOperation: Operation = {
  operationId: "rpc.call",
  summary: "Calls any method by JSON-RPC 2.0, one or a batch. 204 answers what held nothing but notifications.",
  tags: ["rpc"],
  requestBody: jsonContent(Type.Union([Type.Object({}), Type.Array(Type.Object({}), { minItems: 1 })])),
  responses: {
    "200": { description: "The answer or answers.", ...jsonContent(Type.Unknown()) },
    "204": { description: "There was nothing to answer." },
    ...refusals("POST"),
  },
};

function probe(summary: string): Operation {
  const body = jsonContent(Type.Object({}));
  return {
    operationId: `probe.${summary.split(" ").slice(0, 3).join("")}`,
    summary,
    tags: ["probes"],
    security: [],
    responses: { "200": { description: "Yes.", ...body }, "503": { description: "Not now.", ...body } },
  };
}

function open(operationId: string, summary: string): Operation {
  return {
    operationId,
    summary,
    tags: ["rpc"],
    security: [],
    responses: { "200": { description: "OK", ...jsonContent(Type.Object({})) } },
  };
}

/** One response for each HTTP status a fault can have. */
function faultResponses(): Record<string, Answer> {
  const statuses = [...new Set(faultCodes().map((code) => faults[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = faultCodes().filter((code) => faults[code].status === status);
      return [nameOf(status), { description: `Faults: ${codes.join(", ")}.`, ...jsonContent(errorRef) }];
    }),
  );
}

/** Reading cannot conflict with anything and delivers nothing. */
function refusals(verb: RestRoute["verb"]): Operation["responses"] {
  const onlyWriting = [409, 422, 502];
  const statuses = new Set(faultCodes().map((code) => faults[code].status));
  const possible = [...statuses].filter((status) => verb !== "GET" || !onlyWriting.includes(status));
  return Object.fromEntries(possible.map((status) => [status, { $ref: `#/components/responses/${nameOf(status)}` }]));
}

function nameOf(status: number): string {
  return `Fault${status}`;
}

const errorRef = Type.Unsafe({ $ref: "#/components/schemas/Error" });

function jsonContent(schema: TSchema): Content {
  return { content: { "application/json": { schema: plain(schema) } } };
}

/** A TypeBox schema without its symbols is a JSON Schema. */
function plain(schema: TSchema): Schema {
  const copy: Schema = JSON.parse(JSON.stringify(schema));
  return copy;
}

/** An object schema without the fields that stand in the path. */
function without(schema: TSchema, names: readonly string[]): TSchema {
  return KindGuard.IsObject(schema) && names.length > 0 ? Type.Omit(schema, [...names]) : schema;
}
