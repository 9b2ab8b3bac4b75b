import { DeviceKey } from "./device-key.ts";
import { OfficialClient } from "./openclaw-client.ts";
import { until } from "./until.ts";

type Options = NonNullable<ConstructorParameters<typeof OfficialClient>[0]>;

/** A machine with a key of its own, and the tokens that gateways gave it. */
export class NodeDevice {
  readonly key = new DeviceKey();
  readonly tokens: string[] = [];
  readonly options: Pick<Options, "deviceIdentity" | "hostDeps"> = {
    deviceIdentity: this.key.pem,
    hostDeps: {
      signDevicePayload: (_pem, payload) => this.key.sign(payload),
      publicKeyRawBase64UrlFromPem: () => this.key.publicKey,
      loadDeviceAuthToken: () => null,
      storeDeviceAuthToken: ({ token }) => void this.tokens.push(token),
    },
  };
}

/** The original's client as a node: it answers what it is asked as `answer` says; without an answer it stays silent. */
export class OfficialNode extends OfficialClient {
  readonly nodeId: string;
  readonly invokes: Record<string, unknown>[] = [];

  constructor(device: NodeDevice, options: Options & { readonly answer?: (command: string) => unknown }) {
    const { answer, ...rest } = options;
    super({
      clientName: "node-host",
      mode: "node",
      role: "node",
      scopes: [],
      caps: ["system"],
      platform: "linux",
      clientDisplayName: "laptop",
      clientVersion: "1",
      ...device.options,
      ...rest,
      onEvent: (event) => {
        this.events.push(event);
        if (event.event !== "node.invoke.request") return;
        const asked = event.payload as { id: string; nodeId: string; command: string };
        this.invokes.push(asked);
        const payload = answer?.(asked.command);
        if (payload === undefined) return;
        const { id, nodeId } = asked;
        const said = { id, nodeId, ok: true, payloadJSON: JSON.stringify(payload) };
        // Rejects when the test is over before the gateway has said that it heard.
        this.request("node.invoke.result", said).catch((error: unknown) => this.errors.push(error as Error));
      },
    });
    this.nodeId = device.key.id;
  }

  static async arrived(device: NodeDevice, options: ConstructorParameters<typeof OfficialNode>[1]) {
    const node = new OfficialNode(device, options);
    await until("the node's hello", () => {
      if (node.errors[0]) throw node.errors[0];
      return node.hellos.length > 0;
    });
    return node;
  }
}
