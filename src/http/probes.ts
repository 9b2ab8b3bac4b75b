import { permits } from "#protocol";
import type { Caller } from "#rpc";
import type { Health } from "#telemetry";
import { jsonResponse, refuse } from "./refusal.ts";

export interface ProbeOptions {
  readonly health: Health;
  readonly version: string;
  /** What the start still waits for, or that it is stopping; undefined when it serves. */
  readonly pending: () => string | undefined;
  readonly uptimeMs: () => number;
}

/** The answer to one of the probes, which orchestrators ask without a credential. `caller` is known when one was sent. */
export async function answerProbe(
  { method, path }: { readonly method: string; readonly path: string },
  options: ProbeOptions,
  caller: Caller | undefined,
): Promise<Response> {
  if (method !== "GET" && method !== "HEAD") {
    const message = `${path} is for GET and HEAD.`;
    return refuse({ status: 405, code: "methodNotAllowed", message, headers: { allow: "GET, HEAD" } });
  }
  const probe = probes[path];
  if (!probe) throw new Error(`${path} is not a probe`);
  const { isFine, body } = await probe(options, caller !== undefined && permits(caller.scopes, "operator.read"));
  return jsonResponse(body, { status: isFine ? 200 : 503, headers: isFine ? {} : { "retry-after": "1" } });
}

export function isProbe(path: string): boolean {
  return Object.hasOwn(probes, path);
}

/** Details name components and what is wrong with them: for those who may read. */
type Probe = (
  options: ProbeOptions,
  showsDetails: boolean,
) => Promise<{ readonly isFine: boolean; readonly body: object }>;

async function showHealth(...[{ health, version }, showsDetails]: Parameters<Probe>): ReturnType<Probe> {
  const { status, ok, components, reasons } = await health.report();
  return { isFine: ok, body: { status, ok, components, ...(showsDetails && { reasons }), version } };
}

/** The process answers: no reason to restart it, whatever else is wrong. */
function showLife(): ReturnType<Probe> {
  return Promise.resolve({ isFine: true, body: { ok: true, status: "live" } });
}

/** May traffic be sent here? */
async function showReadiness(...[{ health, pending, uptimeMs }, showsDetails]: Parameters<Probe>): ReturnType<Probe> {
  const waitsFor = pending();
  const { ok, components } = await health.report();
  const down = Object.keys(components).filter((name) => components[name] === "unhealthy");
  const failing = waitsFor === undefined ? down : [waitsFor, ...down];
  const ready = ok && waitsFor === undefined;
  return { isFine: ready, body: { ready, ...(showsDetails && { failing, uptimeMs: uptimeMs() }) } };
}

function showStart({ pending, version, uptimeMs }: ProbeOptions): ReturnType<Probe> {
  const pendingReason = pending();
  const body =
    pendingReason === undefined
      ? { ok: true, status: "started", version, uptimeMs: uptimeMs() }
      : { ok: false, status: "starting", pendingReason };
  return Promise.resolve({ isFine: pendingReason === undefined, body });
}

const probes: Readonly<Record<string, Probe>> = {
  "/health": showHealth,
  "/healthz": showLife,
  "/ready": showReadiness,
  "/readyz": showReadiness,
  "/startup": showStart,
  "/startupz": showStart,
};
