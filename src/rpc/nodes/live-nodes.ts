import { closeCode } from "../connection.ts";
import type { LiveNode } from "./live-node.ts";

/** The nodes that are connected, each once. */
export class LiveNodes {
  readonly #nodes = new Map<string, LiveNode>();
  readonly #onLeft: (node: LiveNode, isReplaced: boolean) => void;

  constructor(onLeft: (node: LiveNode, isReplaced: boolean) => void) {
    this.#onLeft = onLeft;
  }

  get(nodeId: string): LiveNode | undefined {
    return this.#nodes.get(nodeId);
  }

  /** The node at the other end of that connection; undefined when another has taken its place. */
  at(caller: { readonly id: string; readonly deviceId?: string }): LiveNode | undefined {
    const node = caller.deviceId === undefined ? undefined : this.#nodes.get(caller.deviceId);
    return node?.line.caller.id === caller.id ? node : undefined;
  }

  /** The newest connection of a node is the one that counts: the others are most often dead and do not know it. */
  add(node: LiveNode): void {
    const older = this.#nodes.get(node.nodeId);
    this.#nodes.set(node.nodeId, node);
    node.line.signal.addEventListener("abort", () => this.#left(node), { once: true });
    if (older) this.#onLeft(older, true);
    older?.line.close(closeCode.policy, "replaced by a newer connection of this node");
  }

  #left(node: LiveNode): void {
    if (this.#nodes.get(node.nodeId) !== node) return;
    this.#nodes.delete(node.nodeId);
    this.#onLeft(node, false);
  }
}
