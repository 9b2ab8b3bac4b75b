import { lazily } from "#base";
import type { Nodes, NodesOptions } from "./nodes.ts";

/** Where nodes come in. What lies behind it is loaded for the first of them, or for who first asks: most gateways have none. */
export class NodesDoor {
  readonly open: () => Promise<Nodes>;
  #inside: Nodes | undefined;
  #isClosed = false;

  constructor(options: NodesOptions) {
    this.open = lazily(async () => {
      const { openNodes } = await import("./nodes.ts");
      this.#inside = await openNodes(options);
      if (this.#isClosed) this.#inside.close();
      return this.#inside;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#inside?.close();
  }
}
