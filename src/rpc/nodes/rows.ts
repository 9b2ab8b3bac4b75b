import { type DeviceAbout, type NodeSurface, type PairedDevice, scopesToApprove, type SurfaceRequest } from "#devices";
import type { NodeDetails, NodeRow, SurfaceRow } from "../node-row.ts";
import type { LiveNode } from "./live-node.ts";

/** All that is known of one node. */
export interface KnownNode {
  readonly nodeId: string;
  readonly device: PairedDevice | undefined;
  readonly surface: NodeSurface | undefined;
  readonly live: LiveNode | undefined;
}

export function nodeRow(node: KnownNode): NodeRow {
  const { device, surface, live } = node;
  const about = live?.claims.about ?? device?.about;
  const pending = surface?.pending;
  return {
    ...aboutFields(node.nodeId, about, device?.label),
    ...(live && live.line.caller.address !== "" && { remoteIp: live.line.caller.address }),
    caps: [...(surface?.live.caps ?? [])],
    commands: [...(surface?.live.commands ?? [])],
    approvalState: approvalState(surface),
    ...(pending && { pendingRequestId: pending.requestId }),
    paired: device !== undefined,
    connected: live !== undefined,
    ...(live && { connectedAtMs: live.connectedAt }),
    ...(device?.lastSeenAt !== undefined && { lastSeenAtMs: device.lastSeenAt }),
    ...(surface?.approvedAt !== undefined && { approvedAtMs: surface.approvedAt }),
    ...(live?.hostStats && { hostStats: live.hostStats }),
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

function approvalState(surface: NodeSurface | undefined): NodeRow["approvalState"] {
  const isApproved = surface?.approvedAt !== undefined;
  if (surface?.pending) return isApproved ? "pending-reapproval" : "pending-approval";
  return isApproved ? "approved" : "unapproved";
}

function aboutFields(nodeId: string, about: DeviceAbout | undefined, label?: string) {
  const displayName = label ?? about?.displayName;
  return {
    nodeId,
    ...(displayName !== undefined && { displayName }),
    platform: about?.platform ?? "unknown",
    ...(about?.version !== undefined && { version: about.version }),
    ...(about?.deviceFamily !== undefined && { deviceFamily: about.deviceFamily }),
    clientId: about?.clientId ?? "unknown",
    clientMode: about?.clientMode ?? "node",
  };
}
