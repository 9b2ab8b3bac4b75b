import { failPoint, lazily, type Log, newId } from "#base";
import { Fault, fault, permits, type RequiredScope, type Scope } from "#protocol";
import type { Caller, Rpc } from "#rpc";
import { Elysia } from "elysia";
import { parseJsonObject, readBody } from "./body.ts";
import { readCredential } from "./credential.ts";
import type { Admitted } from "./guards.ts";
import { withHeaderKey } from "./idempotency-key.ts";
import { jsonResponse, refuse, refuseFault, refuseInternal, refuseRpcFault } from "./refusal.ts";
import { paramsFromText, type RestRoute, restRoot, restRoutes } from "./rest.ts";

export interface AppOptions {
  readonly rpc: Rpc;
  readonly version: string;
  readonly log: Log;
  /** Takes the idle limit off a request whose caller is known: a turn may take its time, and ends when the caller leaves. */
  readonly keepOpen: (request: Request) => void;
}

/** The address of requests inside: the client's Host goes no further than the guards. */
const inside = "http://gateway.internal";

/**
 * Everything that is not a probe or a socket. Elysia sees nothing but the method and the path that the guards saw;
 * headers and body are read from the arrival, by the routes that need them.
 */
export function createApp(options: AppOptions): (arrival: Admitted) => Promise<Response> {
  const arrivals = new WeakMap<Request, Admitted>();
  const arrivalOf = (request: Request) => {
    const arrival = arrivals.get(request);
    if (!arrival) throw new Error("a request came in past the guards");
    return arrival;
  };
  const routes = allRoutes(options);
  const app = new Elysia({ aot: false, strictPath: true, normalize: false }).onError(({ error, code, request }) => {
    const { method, path } = arrivalOf(request);
    if (code === "NOT_FOUND") return nothingThere(path);
    if (error instanceof Fault) return refuseFault(error);
    const incident = newId();
    options.log.error("a request broke", { incident, method, path, error });
    return refuseInternal(incident);
  });
  for (const { verb, path, asks, answer } of routes) {
    const admitted = async (arrival: Admitted, values: Readonly<Record<string, string>>) => {
      if (asks !== "itsMethod" && asks !== "public") checkScope(await callerOf(options.rpc, arrival), asks);
      return answer(arrival, values);
    };
    app.route(verb, positional(path), ({ request, params }) => admitted(arrivalOf(request), params), {
      parse: "none",
    });
  }
  for (const path of new Set(routes.map((route) => positional(route.path)))) {
    const verbs = routes.filter((route) => positional(route.path) === path).map((route) => route.verb);
    app.all(path, ({ request }) => wrongVerb(arrivalOf(request), verbs), { parse: "none" });
  }

  return async (arrival) => {
    const isHead = arrival.method === "HEAD";
    const request = new Request(inside + arrival.path, { method: isHead ? "GET" : arrival.method });
    arrivals.set(request, arrival);
    return app.handle(request);
  };
}

interface AppRoute {
  readonly verb: "GET" | "POST" | "PATCH" | "DELETE";
  /** With `{name}` where a parameter stands. */
  readonly path: string;
  /** The scope it asks for; `itsMethod` where a method is called, which asks for its own. */
  readonly asks: RequiredScope | "itsMethod";
  /** `values` are what stood in the path, by position. */
  readonly answer: (arrival: Admitted, values: Readonly<Record<string, string>>) => Promise<Response> | Response;
}

/** What is served beside the probes and the socket. */
export function allRoutes(options: AppOptions): readonly AppRoute[] {
  const { rpc, version } = options;
  const loadDocs = lazily(async () => (await import("./docs/docs.ts")).createDocs(rpc.methods, version));
  const docs = async ({ path }: Admitted) => (await loadDocs())(path);
  const rest = restRoutes(rpc.methods);
  return [
    {
      verb: "GET",
      path: "/",
      asks: "public",
      answer: () => jsonResponse({ name: "OpenClaw on Bun", version, doors }),
    },
    { verb: "GET", path: "/control-ui-config.json", asks: "operator.read", answer: () => showUiConfig(options) },
    { verb: "GET", path: "/docs", asks: "public", answer: docs },
    { verb: "GET", path: "/docs/reference.js", asks: "public", answer: docs },
    { verb: "GET", path: "/openapi.json", asks: "public", answer: docs },
    { verb: "POST", path: "/rpc", asks: "itsMethod", answer: (arrival) => answerRpc(options, arrival) },
    { verb: "GET", path: "/rpc/methods", asks: "operator.read", answer: () => listMethods(rpc) },
    {
      verb: "GET",
      path: "/status",
      asks: "itsMethod",
      answer: (arrival) => call(options, arrival, { name: "status" }),
    },
    {
      verb: "GET",
      path: restRoot,
      asks: "public",
      answer: () => jsonResponse({ routes: rest.map(lineOf), reference: "/openapi.json" }),
    },
    ...rest.map((route) => restRoute(options, route)),
  ];
}

function lineOf({ verb, path }: RestRoute): string {
  return `${verb} ${path}`;
}

function restRoute(options: AppOptions, route: RestRoute): AppRoute {
  const { method, verb, path, names } = route;
  return {
    verb,
    path,
    asks: "itsMethod",
    answer: (arrival, values) => {
      const fromPath = Object.fromEntries(names.map((name, at) => [name, values[placeholder(at)] ?? ""]));
      const query = verb === "GET" ? arrival.query : new URLSearchParams();
      const inAddress = paramsFromText(method.params, query, fromPath);
      // What the path names, the body cannot rename.
      const params = async (caller: Caller) => {
        if (verb === "GET") return inAddress;
        const body = parseJsonObject(await readBody(arrival.request, mostBytesFrom(caller)));
        return withHeaderKey(method.params, { ...body, ...inAddress }, arrival.request.headers);
      };
      return call(options, arrival, { name: method.name, params });
    },
  };
}

async function call(
  { rpc, keepOpen }: AppOptions,
  arrival: Admitted,
  { name, params }: { readonly name: string; readonly params?: (caller: Caller) => unknown },
): Promise<Response> {
  const caller = await callerOf(rpc, arrival);
  const read = params ? await params(caller) : {};
  if (caller.isAuthenticated) keepOpen(arrival.request);
  return jsonResponse(await rpc.call(name, read, { caller, signal: arrival.request.signal }));
}

/** JSON-RPC 2.0 over HTTP, single or batch; nothing but notifications are answered with 204. */
async function answerRpc({ rpc, keepOpen }: AppOptions, arrival: Admitted): Promise<Response> {
  try {
    const caller = await callerOf(rpc, arrival);
    const text = await readBody(arrival.request, mostBytesFrom(caller));
    if (caller.isAuthenticated) keepOpen(arrival.request);
    const answer = await rpc.answer(text, { caller, signal: arrival.request.signal });
    failPoint("http.answer.begin");
    if (answer === undefined) return new Response(null, { status: 204 });
    return new Response(answer, { headers: { "content-type": "application/json; charset=utf-8" } });
  } catch (error) {
    if (error instanceof Fault) return refuseRpcFault(error);
    throw error;
  }
}

/** What OpenClaw's dashboard asks for before it opens its socket. */
function showUiConfig({ rpc, version }: AppOptions): Response {
  return jsonResponse({
    basePath: "",
    assistantName: "OpenClaw",
    assistantAvatarStatus: "none",
    assistantAgentId: rpc.agentId,
    serverVersion: version,
    embedSandbox: "scripts",
    allowExternalEmbedUrls: false,
    automaticallyFetchFavicons: false,
    terminalEnabled: false,
    cliAgentsEnabled: false,
    pluginAssetsRequireAuth: true,
    pluginFrameGrants: [],
  });
}

function checkScope(caller: Caller, scope: Scope): void {
  if (permits(caller.scopes, scope)) return;
  throw caller.isAuthenticated ? fault.missingScope({ scope }) : fault.unauthorized({ problem: "This needs a token" });
}

function listMethods(rpc: Rpc): Response {
  const methods = rpc.methods.map(({ name, summary, scope, route, params, result }) => ({
    name,
    summary,
    scope,
    ...(route && { route: { verb: route.verb, path: restRoot + route.path } }),
    params,
    result,
  }));
  return jsonResponse({ methods });
}

async function callerOf(rpc: Rpc, arrival: Admitted): Promise<Caller> {
  return rpc.authenticate(readCredential(arrival), arrival);
}

/** A stranger may ask for little, and is not given memory for more. */
function mostBytesFrom(caller: Caller): number {
  return caller.isAuthenticated ? 1024 * 1024 : 64 * 1024;
}

/** `{names}` become positions, because two routes may name the same place differently and Elysia's router refuses that. */
function positional(path: string): string {
  let at = 0;
  return path.replaceAll(/\{\w+\}/g, () => `:${placeholder(at++)}`);
}

function placeholder(at: number): string {
  return `p${at}`;
}

const doors = ["/health", "/status", "/rpc", "/rpc/methods", restRoot, "/openapi.json", "/docs", "/ws"];

function nothingThere(path: string): Response {
  const message = `There is nothing at ${path}; there is: ${doors.join(", ")}.`;
  return refuse({ status: 404, code: "notFound", message });
}

function wrongVerb({ method, path }: Admitted, verbs: readonly AppRoute["verb"][]): Response {
  const allow = [...verbs, ...(verbs.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  return refuse({
    status: 405,
    code: "methodNotAllowed",
    message: `${path} is for ${allow}.`,
    headers: { allow },
  });
}
