import { newId } from "#base";
import { covers } from "./authority.ts";
import { heldBy } from "./approver.ts";
import type { Approver, Decision, DeviceAbout, NodeSurface, Surface, SurfaceRequest } from "./devices.ts";
import { activeGrants, clippedAbout, isSameAbout } from "./paired.ts";
import { deviceOf, type Room } from "./room.ts";
import { boundedSurface, common, emptySurface, isSameSurface, isWithin, scopesToApprove } from "./surface.ts";
import type { SurfaceRecord } from "./surface-record.ts";

/** What a node offers now. Of a machine that is no paired node nothing is kept. */
export function declare(
  room: Room,
  nodeId: string,
  said: { readonly about: DeviceAbout; readonly surface: Surface },
): Promise<NodeSurface> {
  const [about, declared] = [clippedAbout(said.about), boundedSurface(said.surface)];
  return room.books.change(async () => {
    if (!isNode(room, nodeId)) return { nodeId, live: emptySurface };
    const before = room.books.surfaces.get(nodeId);
    const next = redeclared(before, { nodeId, about, declared, now: room.clock.now() });
    if (next === before) return asNodeSurface(next);
    await room.books.commit(room.books.surfaces.change(nodeId, next));
    const [asked, replaced] = [requestOf(next), before && requestOf(before)];
    const isNew = asked?.requestId !== replaced?.requestId;
    if (isNew && replaced) room.audience.tell({ type: "surfaceResolved", request: replaced, decision: "rejected" });
    if (isNew && asked) room.audience.tell({ type: "surfaceRequested", request: asked });
    return asNodeSurface(next);
  });
}

/** The same record when nothing is new. A request that waits is left as it is, or another takes its place. */
function redeclared(
  before: SurfaceRecord | undefined,
  {
    nodeId,
    about,
    declared,
    now,
  }: { readonly nodeId: string; readonly about: DeviceAbout; readonly declared: Surface; readonly now: number },
): SurfaceRecord {
  const approved = before?.approved;
  const mustAsk = !isWithin(declared, approved ?? emptySurface);
  const isSame = before !== undefined && isSameSurface(before.declared, declared) && isSameAbout(before.about, about);
  if (isSame && mustAsk === (before.asked !== undefined)) return before;
  return {
    nodeId,
    about,
    declared: { caps: [...declared.caps], commands: [...declared.commands] },
    ...(approved && { approved }),
    ...(mustAsk && { asked: { requestId: newId(), at: now } }),
  };
}

export async function surfaces(room: Room): Promise<readonly NodeSurface[]> {
  await room.books.open();
  return room.books.surfaces.all().map(asNodeSurface);
}

/** Approves what the request shows, neither more nor what was approved before and is not in it. */
export function approveSurface(room: Room, requestId: string, by: Approver): Promise<Decision<NodeSurface>> {
  return room.books.change(async () => {
    const asking = find(room, requestId);
    if (!asking) return { done: false, because: "unknown" };
    const { record, request } = asking;
    if (!covers(heldBy(room, by), scopesToApprove(record.declared))) return { done: false, because: "beyondApprover" };
    const next: SurfaceRecord = { ...withoutRequest(record), approved: { ...record.declared, at: room.clock.now() } };
    await room.books.commit(room.books.surfaces.change(record.nodeId, next));
    room.log.info("what a node offers was approved", { ...record.declared, nodeId: record.nodeId, by: by.deviceId });
    room.audience.tell({ type: "surfaceResolved", request, decision: "approved" });
    return { done: true, value: asNodeSurface(next) };
  });
}

export function rejectSurface(room: Room, requestId: string): Promise<Decision<SurfaceRequest>> {
  return room.books.change(async () => {
    const asking = find(room, requestId);
    if (!asking) return { done: false, because: "unknown" };
    const { record, request } = asking;
    await room.books.commit(room.books.surfaces.change(record.nodeId, withoutRequest(record)));
    room.audience.tell({ type: "surfaceResolved", request, decision: "rejected" });
    return { done: true, value: request };
  });
}

export function removeSurface(room: Room, nodeId: string, by: Approver): Promise<Decision<NodeSurface>> {
  return room.books.change(async () => {
    const record = room.books.surfaces.get(nodeId);
    if (!record) return { done: false, because: "unknown" };
    const isOwn = by.deviceId === nodeId;
    if (!isOwn && !covers(heldBy(room, by), scopesToApprove(record.approved ?? emptySurface)))
      return { done: false, because: "beyondApprover" };
    await room.books.commit(room.books.surfaces.change(nodeId, undefined));
    tellGone(room, record);
    room.audience.tell({ type: "devicesChanged" });
    return { done: true, value: { nodeId, live: emptySurface } };
  });
}

/** The request that goes with a surface which is gone. */
export function tellGone(room: Room, record: SurfaceRecord): void {
  const request = requestOf(record);
  if (request) room.audience.tell({ type: "surfaceResolved", request, decision: "rejected" });
}

function isNode(room: Room, nodeId: string): boolean {
  return activeGrants(deviceOf(room, nodeId)).some(({ role }) => role === "node");
}

function find(
  room: Room,
  requestId: string,
): { readonly record: SurfaceRecord; readonly request: SurfaceRequest } | undefined {
  const record = room.books.surfaces.all().find(({ asked }) => asked?.requestId === requestId);
  const request = record && requestOf(record);
  return record && request && { record, request };
}

function withoutRequest({ asked: _asked, ...record }: SurfaceRecord): SurfaceRecord {
  return record;
}

function requestOf({ nodeId, about, declared, asked }: SurfaceRecord): SurfaceRequest | undefined {
  return asked && { ...declared, requestId: asked.requestId, nodeId, about, requestedAt: asked.at };
}

function asNodeSurface(record: SurfaceRecord): NodeSurface {
  const { nodeId, declared, approved } = record;
  const pending = requestOf(record);
  return {
    nodeId,
    live: common(declared, approved ?? emptySurface),
    ...(approved && { approvedAt: approved.at }),
    ...(pending && { pending }),
  };
}
