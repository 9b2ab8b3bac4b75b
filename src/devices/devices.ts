import type { Secret } from "#base";
import type { Scope } from "#protocol";

/** What a device may be: somebody who operates the gateway, or a machine that the agent may use. */
export type DeviceRole = "operator" | "node";

/** What a device says of itself. Nothing in it grants anything; what changes in it can only take away. */
export interface DeviceAbout {
  readonly clientId: string;
  readonly clientMode: string;
  readonly platform: string;
  readonly deviceFamily?: string;
  readonly displayName?: string;
  readonly version?: string;
}

/** A device that has signed its connect on this socket; the signature was checked before this is made. */
export interface Arrival {
  /** SHA-256 of the public key, in hexadecimal. */
  readonly deviceId: string;
  /** Ed25519, 32 bytes, base64url. */
  readonly publicKey: string;
  readonly about: DeviceAbout;
  readonly role: DeviceRole;
  /** What it asks for; it never gets more. */
  readonly scopes: readonly Scope[];
  readonly proof: Proof;
}

/**
 * What it brought beside its signature. `sharedSecret` was compared before; the other two are compared here.
 * `isLocal`: the socket's other end is this machine and speaks for nobody else.
 */
export type Proof =
  | { readonly by: "sharedSecret"; readonly isLocal: boolean }
  | { readonly by: "deviceToken"; readonly token: string }
  | { readonly by: "setupCode"; readonly code: string }
  | { readonly by: "nothing"; readonly isLocal: boolean };

export type Entrance =
  | {
      readonly entered: true;
      readonly scopes: ReadonlySet<Scope>;
      /** The device's own token for this role, to be told to it and to nobody else. */
      readonly token: Secret;
      /** Milliseconds since 1970; stays until the token is rotated. */
      readonly tokenIssuedAt: number;
    }
  | {
      readonly entered: false;
      readonly because: "approvalNeeded";
      readonly request: PairingRequest;
      /** What was approved before, where it asks for more. */
      readonly approved?: { readonly roles: readonly DeviceRole[]; readonly scopes: readonly Scope[] };
    }
  | { readonly entered: false; readonly because: "wrongToken" | "wrongSetupCode" | "scopeTooWide" | "tooManyRequests" };

/** A device that waits for somebody's yes. Asking again keeps the id; forgotten after five minutes. */
export interface PairingRequest {
  readonly requestId: string;
  readonly deviceId: string;
  readonly publicKey: string;
  readonly about: DeviceAbout;
  readonly role: DeviceRole;
  readonly scopes: readonly Scope[];
  readonly reason: "not-paired" | "role-upgrade" | "scope-upgrade" | "metadata-upgrade";
  readonly requestedAt: number;
}

export interface PairedDevice {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly about: DeviceAbout;
  /** The name that an operator gave it. */
  readonly label?: string;
  readonly grants: readonly Grant[];
  readonly approvedVia: "silent" | "owner" | "setup-code";
  readonly pairedAt: number;
  readonly approvedAt: number;
  readonly lastSeenAt?: number;
}

/** One role of a device. Its token is kept as a hash. */
export interface Grant {
  readonly role: DeviceRole;
  readonly scopes: readonly Scope[];
  readonly tokenIssuedAt: number;
  readonly tokenLastUsedAt?: number;
  readonly revokedAt?: number;
}

/** What a node offers: words of the node until an operator approves them. */
export interface Surface {
  readonly caps: readonly string[];
  readonly commands: readonly string[];
}

/** A node whose surface waits for somebody's yes. */
export interface SurfaceRequest extends Surface {
  readonly requestId: string;
  readonly nodeId: string;
  readonly about: DeviceAbout;
  readonly requestedAt: number;
}

export interface NodeSurface {
  readonly nodeId: string;
  /** What was approved, and still is declared: the only part that may be invoked. */
  readonly live: Surface;
  readonly approvedAt?: number;
  readonly pending?: SurfaceRequest;
}

/** Who decides, and what they may give at most: nobody hands out more than they hold. */
export interface Approver {
  readonly scopes: ReadonlySet<Scope>;
  /** The device that the approver uses, if any. */
  readonly deviceId?: string;
}

export type Decision<Value> =
  | { readonly done: true; readonly value: Value }
  | { readonly done: false; readonly because: "unknown" | "beyondApprover" };

export type DeviceChange =
  | { readonly type: "deviceRequested"; readonly request: PairingRequest }
  | { readonly type: "deviceResolved"; readonly request: PairingRequest; readonly decision: "approved" | "rejected" }
  /** Its sockets of that role, or all of them, must be closed at once: what they were let in by is gone. */
  | {
      readonly type: "deviceShutOut";
      readonly deviceId: string;
      readonly role?: DeviceRole;
      readonly because: "removed" | "tokenChanged";
    }
  | { readonly type: "devicesChanged" }
  | { readonly type: "surfaceRequested"; readonly request: SurfaceRequest }
  | { readonly type: "surfaceResolved"; readonly request: SurfaceRequest; readonly decision: "approved" | "rejected" };

/**
 * Which devices may connect, as what, and with which tokens. Everything is on disk before it is told. Lists are read once,
 * when first asked for, and kept: there are at most a thousand devices and a hundred requests.
 */
export interface Devices {
  enter(arrival: Arrival): Promise<Entrance>;
  /** For `lastSeenAt`; written seldom. */
  left(deviceId: string): void;

  requests(): Promise<readonly PairingRequest[]>;
  paired(): Promise<readonly PairedDevice[]>;
  approve(
    requestId: string,
    by: Approver,
  ): Promise<Decision<{ readonly request: PairingRequest; readonly device: PairedDevice }>>;
  reject(requestId: string): Promise<Decision<PairingRequest>>;
  remove(deviceId: string, by: Approver): Promise<Decision<PairedDevice>>;
  rename(deviceId: string, label: string): Promise<Decision<PairedDevice>>;
  /** A new token for a role, with the same scopes or fewer. The old one is worth nothing when this resolves. */
  rotate(
    grant: { readonly deviceId: string; readonly role: DeviceRole; readonly scopes?: readonly Scope[] },
    by: Approver,
  ): Promise<Decision<{ readonly grant: Grant; readonly token: Secret }>>;
  revoke(grant: { readonly deviceId: string; readonly role: DeviceRole }, by: Approver): Promise<Decision<Grant>>;

  /** A code that pairs one device, once, within ten minutes, with what is fixed here. Kept as a hash. */
  makeSetupCode(
    access: { readonly role: DeviceRole; readonly scopes: readonly Scope[] },
    by: Approver,
  ): Promise<Decision<{ readonly setupId: string; readonly code: Secret; readonly expiresAt: number }>>;
  setupStatus(setupId: string): Promise<"waiting" | "used" | "expired" | "unknown">;

  /** A node has connected and says what it offers. What is new in it waits for approval; what is gone from it is live no more. */
  declare(nodeId: string, about: DeviceAbout, surface: Surface): Promise<NodeSurface>;
  surfaces(): Promise<readonly NodeSurface[]>;
  approveSurface(requestId: string, by: Approver): Promise<Decision<NodeSurface>>;
  rejectSurface(requestId: string): Promise<Decision<SurfaceRequest>>;
  /** Forgets what was approved of a node. */
  removeSurface(nodeId: string, by: Approver): Promise<Decision<NodeSurface>>;

  /** Called after it is on disk. The listener must not throw. */
  subscribe(listener: (change: DeviceChange) => void): () => void;
}
