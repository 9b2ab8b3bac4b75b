import type { Clock, Log } from "#base";
import type { DeviceChange, Devices } from "#devices";
import { fault } from "#protocol";
import type { Caller } from "../caller.ts";
import { closeCode } from "../connection.ts";
import { approverOf, decided } from "../device-decision.ts";
import type { NodeDetails, NodeRow, SurfaceRow } from "../node-row.ts";
import { type WireEvent, wireEvent } from "../wire-events.ts";
import { Invocations } from "./invocations.ts";
import { type Answer, type Asked, invokeNode, type Memory } from "./invoke-node.ts";
import { LiveNode, type NodeClaims, type NodeLine } from "./live-node.ts";
import { LiveNodes } from "./live-nodes.ts";
import { type EventReceipt, readJson, takeNodeEvent } from "./node-events.ts";
import { type KnownNode, nodeDetails, nodeRow, surfaceRow } from "./rows.ts";

export interface NodesOptions {
  readonly devices: () => Promise<Devices>;
  readonly emit: (event: WireEvent) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a node answered, in its own words. */
export interface NodeAnswer {
  readonly id: string;
  readonly nodeId: string;
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly payloadJSON?: string;
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** How often all operators hear how one node is doing, at most. */
const statsEveryMs = 5_000;

export async function openNodes(options: NodesOptions): Promise<Nodes> {
  return new Nodes(await options.devices(), options);
}

/** The machines that the agent may use: which are there, what may be asked of them, and what they answer. */
export class Nodes {
  readonly #devices: Devices;
  readonly #emit: (event: WireEvent) => void;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #invocations: Invocations;
  readonly #live = new LiveNodes((node, isReplaced) => this.#left(node, isReplaced));
  readonly #statsTold = new WeakMap<LiveNode, number>();
  readonly #unsubscribe: () => void;

  constructor(devices: Devices, { emit, clock, log }: NodesOptions) {
    this.#devices = devices;
    this.#emit = emit;
    this.#clock = clock;
    this.#log = log;
    this.#invocations = new Invocations(clock);
    this.#unsubscribe = devices.subscribe((change) => this.#changed(change));
  }

  /** A node has said hello. */
  arrived(line: NodeLine, claims: NodeClaims): void {
    const { deviceId } = line.caller;
    if (deviceId === undefined || line.signal.aborted) return;
    const isOnRecord = this.#declare(deviceId, claims);
    this.#live.add(new LiveNode(deviceId, line, { claims, connectedAt: this.#clock.now(), isOnRecord }));
    this.#presence(deviceId, true);
  }

  async list(): Promise<NodeRow[]> {
    return (await this.#known()).map(nodeRow);
  }

  async describe(nodeId: string): Promise<NodeDetails> {
    return nodeDetails(await this.#find(nodeId));
  }

  async rename(nodeId: string, displayName: string): Promise<void> {
    await this.#find(nodeId);
    decided(await this.#devices.rename(nodeId, displayName), { device: nodeId });
  }

  async pairs(): Promise<{ pending: SurfaceRow[]; paired: NodeRow[] }> {
    const surfaces = await this.#devices.surfaces();
    return {
      pending: surfaces.flatMap(({ pending }) => (pending ? [surfaceRow(pending)] : [])),
      paired: (await this.#known()).filter(({ surface }) => surface?.approvedAt !== undefined).map(nodeRow),
    };
  }

  async approve(requestId: string, by: Caller): Promise<NodeRow> {
    const { nodeId } = decided(await this.#devices.approveSurface(requestId, approverOf(by)), { request: requestId });
    return nodeRow(await this.#find(nodeId));
  }

  async reject(requestId: string): Promise<string> {
    return decided(await this.#devices.rejectSurface(requestId), { request: requestId }).nodeId;
  }

  /** What it offers is approved no more. It has to connect again to ask for it. */
  async remove(nodeId: string, by: Caller): Promise<void> {
    decided(await this.#devices.removeSurface(nodeId, approverOf(by)), { device: nodeId });
    this.#live.get(nodeId)?.line.close(closeCode.restart, "node capabilities changed");
  }

  /** What was asked under a key is remembered where `asked` says. */
  async invoke(asked: Asked & { readonly memory?: Memory }, by: Caller, signal: AbortSignal): Promise<Answer> {
    const { nodeId, memory } = asked;
    const node = this.#live.get(nodeId);
    if (!node) {
      await this.#find(nodeId);
      throw fault.nodeNotConnected({ node: nodeId });
    }
    return invokeNode(asked, { node, by, signal, memory, devices: this.#devices, invocations: this.#invocations });
  }

  /** True when it was waited for; what comes too late, or from another than was asked, is dropped. */
  answered({ id, nodeId, ok, payload, payloadJSON, error }: NodeAnswer, from: Caller): boolean {
    const node = this.#live.at(from);
    const invocation = node?.nodeId === nodeId ? this.#invocations.find(id, node) : undefined;
    if (!invocation) return false;
    const payloadJson = payloadJSON ?? (payload === undefined ? undefined : JSON.stringify(payload));
    if (ok) invocation.end({ ended: "ok", ...(payloadJson !== undefined && { payloadJson }) });
    else {
      const { code = "UNAVAILABLE", message = "the node did not say why" } = error ?? {};
      invocation.end({ ended: "failed", code, message });
    }
    return true;
  }

  /** Is somebody waiting for what this node reports of its work? */
  isAwaited({ invokeId, nodeId }: { readonly invokeId: string; readonly nodeId: string }, from: Caller): boolean {
    const node = this.#live.at(from);
    return node?.nodeId === nodeId && this.#invocations.find(invokeId, node) !== undefined;
  }

  /** `told` is a value, or a text of JSON. */
  told(event: string, told: unknown, from: Caller): EventReceipt {
    const node = this.#live.at(from);
    if (!node) return { ok: false, event, handled: false, reason: "replaced" };
    const payload = typeof told === "string" ? readJson(told) : told;
    const receipt = takeNodeEvent(node, { event, payload, now: this.#clock.now() });
    if (receipt.handled) this.#tellStats(node);
    return receipt;
  }

  toldSkills(skills: readonly string[], from: Caller): void {
    const node = this.#live.at(from);
    if (node) node.skills = skills;
  }

  toldPluginTools(pluginTools: readonly string[], from: Caller): void {
    const node = this.#live.at(from);
    if (node) node.pluginTools = pluginTools;
  }

  /** Has somebody approved what this node offers? */
  async isApproved({ deviceId }: Caller): Promise<boolean> {
    const surfaces = await this.#devices.surfaces();
    return surfaces.some(({ nodeId, approvedAt }) => nodeId === deviceId && approvedAt !== undefined);
  }

  close(): void {
    this.#unsubscribe();
    this.#invocations.close();
  }

  async #declare(nodeId: string, { about, surface }: NodeClaims): Promise<boolean> {
    try {
      await this.#devices.declare(nodeId, about, surface);
      return true;
    } catch (error) {
      this.#log.error("what a node offers could not be put on record, so it is not used", { nodeId, error });
      return false;
    }
  }

  async #known(): Promise<KnownNode[]> {
    const [devices, surfaces] = await Promise.all([this.#devices.paired(), this.#devices.surfaces()]);
    return devices
      .filter(({ grants }) => grants.some(({ role, revokedAt }) => role === "node" && revokedAt === undefined))
      .map((device) => ({
        device,
        surface: surfaces.find(({ nodeId }) => nodeId === device.deviceId),
        live: this.#live.get(device.deviceId),
      }));
  }

  async #find(nodeId: string): Promise<KnownNode> {
    const node = (await this.#known()).find(({ device }) => device.deviceId === nodeId);
    if (!node) throw fault.nodeNotFound({ node: nodeId });
    return node;
  }

  #changed(change: DeviceChange): void {
    switch (change.type) {
      case "surfaceRequested":
        return this.#emit(wireEvent("node.pair.requested", surfaceRow(change.request)));
      case "surfaceResolved":
        return this.#resolved(change);
      case "deviceRequested":
      case "deviceResolved":
      case "deviceShutOut":
      case "devicesChanged":
        return; // told, and done, where devices connect
    }
  }

  #resolved({ request: { requestId, nodeId }, decision }: Extract<DeviceChange, { type: "surfaceResolved" }>): void {
    const payload = { requestId, nodeId, decision, ts: this.#clock.now() };
    this.#emit(wireEvent("node.pair.resolved", payload));
    this.#live.get(nodeId)?.tell("node.pair.resolved", payload);
  }

  #left(node: LiveNode, isReplaced: boolean): void {
    this.#invocations.left(node);
    if (!isReplaced) this.#presence(node.nodeId, false);
  }

  #presence(nodeId: string, connected: boolean): void {
    this.#emit(wireEvent("node.presence", { nodeId, connected, ts: this.#clock.now() }));
  }

  #tellStats(node: LiveNode): void {
    const { nodeId, hostStats } = node;
    const now = this.#clock.elapsed();
    if (!hostStats || now - (this.#statsTold.get(node) ?? Number.NEGATIVE_INFINITY) < statsEveryMs) return;
    this.#statsTold.set(node, now);
    this.#emit(wireEvent("node.hostStats", { nodeId, hostStats }));
  }
}
