import type { Nodes, NodesOptions } from "./nodes.ts";

/** Where nodes come in. What lies behind it is loaded for the first of them, or for who first asks: most gateways have none. */
export class NodesDoor {
  readonly #options: NodesOptions;
  #loading: Promise<Nodes> | undefined;
  #inside: Nodes | undefined;

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  open(): Promise<Nodes> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  close(): void {
    this.#inside?.close();
  }

  async #load(): Promise<Nodes> {
    try {
      const { openNodes } = await import("./nodes.ts");
      this.#inside = await openNodes(this.#options);
      return this.#inside;
    } catch (error) {
      this.#loading = undefined; // what hindered it, like a full disk, may be over for the next who asks
      throw error;
    }
  }
}
