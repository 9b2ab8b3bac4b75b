import { type DeviceAbout, type NodeSurface, type PairedDevice, scopesToApprove, type SurfaceRequest } from "#devices";
import type { NodeDetails, NodeRow, SurfaceRow } from "../node-row.ts";
import type { LiveNode } from "./live-node.ts";

/** All that is known of one node. */
export interface KnownNode {
  readonly device: PairedDevice;
  readonly surface: NodeSurface | undefined;
  readonly live: LiveNode | undefined;
}

export function nodeRow({ device, surface, live }: KnownNode): NodeRow {
  const { deviceId, about, label, lastSeenAt } = device;
  const said = live?.claims.about ?? about;
  return {
    ...aboutFields(deviceId, label === undefined ? said : { ...said, displayName: label }),
    ...surfaceFields(surface),
    paired: true,
    connected: live !== undefined,
    ...(live && liveFields(live)),
    ...(lastSeenAt !== undefined && { lastSeenAtMs: lastSeenAt }),
  };
}

export function nodeDetails(node: KnownNode): NodeDetails {
  const pending = node.surface?.pending;
  return {
    ...nodeRow(node),
    ...(pending && {
      pending: { requestId: pending.requestId, caps: [...pending.caps], commands: [...pending.commands] },
    }),
    ...(node.live && { skills: [...node.live.skills], pluginTools: [...node.live.pluginTools] }),
  };
}

export function surfaceRow({ requestId, nodeId, about, caps, commands, requestedAt }: SurfaceRequest): SurfaceRow {
  return {
    requestId,
    ...aboutFields(nodeId, about),
    caps: [...caps],
    commands: [...commands],
    requiredApproveScopes: [...scopesToApprove({ caps, commands })],
    ts: requestedAt,
  };
}

function surfaceFields(surface: NodeSurface | undefined) {
  const { live = { caps: [], commands: [] }, pending, approvedAt } = surface ?? {};
  return {
    caps: [...live.caps],
    commands: [...live.commands],
    approvalState: approvalState(surface),
    ...(pending && { pendingRequestId: pending.requestId }),
    ...(approvedAt !== undefined && { approvedAtMs: approvedAt }),
  };
}

function liveFields({ line, connectedAt, hostStats }: LiveNode) {
  const { address } = line.caller;
  return {
    connectedAtMs: connectedAt,
    ...(address !== "" && { remoteIp: address }),
    ...(hostStats && { hostStats }),
  };
}

function approvalState(surface: NodeSurface | undefined): NodeRow["approvalState"] {
  const isApproved = surface?.approvedAt !== undefined;
  if (surface?.pending) return isApproved ? "pending-reapproval" : "pending-approval";
  return isApproved ? "approved" : "unapproved";
}

function aboutFields(nodeId: string, about: DeviceAbout) {
  const { displayName, platform, version, deviceFamily, clientId, clientMode } = about;
  return {
    nodeId,
    ...(displayName !== undefined && { displayName }),
    platform,
    ...(version !== undefined && { version }),
    ...(deviceFamily !== undefined && { deviceFamily }),
    clientId,
    clientMode,
  };
}
