import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { OfficialClient } from "./openclaw-client.ts";
import { until } from "./until.ts";

type Options = NonNullable<ConstructorParameters<typeof OfficialClient>[0]>;

/** What makes a device of a client: a key of its own, and what it signs with it. */
export interface DeviceKey {
  readonly deviceId: string;
  readonly options: Pick<Options, "deviceIdentity" | "hostDeps">;
  /** The token that the gateway gave it, once it has. */
  readonly tokens: string[];
}

export function makeDevice(): DeviceKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const pem = {
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const deviceId = createHash("sha256").update(raw).digest("hex");
  const tokens: string[] = [];
  return {
    deviceId,
    tokens,
    options: {
      deviceIdentity: { deviceId, ...pem },
      hostDeps: {
        signDevicePayload: (key, payload) => sign(null, Buffer.from(payload), key).toString("base64url"),
        publicKeyRawBase64UrlFromPem: () => raw.toString("base64url"),
        loadDeviceAuthToken: () => null,
        storeDeviceAuthToken: ({ token }) => void tokens.push(token),
      },
    },
  };
}

/** The original's client as a node: it answers what it is asked as `answer` says; without an answer it stays silent. */
export class OfficialNode extends OfficialClient {
  readonly nodeId: string;
  readonly invokes: Record<string, unknown>[] = [];

  constructor(device: DeviceKey, options: Options & { readonly answer?: (command: string) => unknown }) {
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
    this.nodeId = device.deviceId;
  }

  static async arrived(device: DeviceKey, options: ConstructorParameters<typeof OfficialNode>[1]) {
    const node = new OfficialNode(device, options);
    await until("the node's hello", () => {
      if (node.errors[0]) throw node.errors[0];
      return node.hellos.length > 0;
    });
    return node;
  }
}
