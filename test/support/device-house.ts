import { type Clock, createLog, Secret, systemClock } from "#base";
import {
  type Approver,
  type Arrival,
  createDevices,
  type Decision,
  type DeviceAbout,
  type DeviceChange,
  type Devices,
  type Entrance,
  type PairingRequest,
} from "#devices";
import { allScopes, type Scope } from "#protocol";
import type { Storage } from "#storage";
import { openSqliteFile, tempFolder } from "./storage.ts";

/** A clock that a test moves. */
export class HandClock implements Clock {
  #ms = 0;
  #start = systemClock.now();
  now(): number {
    return this.#start + this.#ms;
  }
  elapsed(): number {
    return this.#ms;
  }
  pass(ms: number): void {
    this.#ms += ms;
  }
  /** What a person or a time server does; no time goes by. */
  setBack(ms: number): void {
    this.#start -= ms;
  }
}

/** The devices of a gateway on a real database, that can be stopped and started again. */
export class DeviceHouse implements AsyncDisposable {
  readonly clock = new HandClock();
  readonly changes: DeviceChange[] = [];
  readonly lines: string[] = [];
  readonly log = createLog({ level: "debug", write: (line) => this.lines.push(line) });
  readonly #folder = tempFolder();
  key = new Secret("k".repeat(64));
  autoApproveLocal = true;
  storage: Storage;
  devices: Devices;

  constructor() {
    this.storage = openSqliteFile(this.database);
    this.devices = this.#open();
  }

  get database(): string {
    return `${this.#folder.path}/test.db`;
  }

  /** Another gateway on the same database. */
  second(): Devices {
    return this.#open();
  }

  async restart(): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
    this.storage = openSqliteFile(this.database);
    this.devices = this.#open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  #open(): Devices {
    const devices = createDevices({
      storage: this.storage,
      key: () => this.key,
      autoApproveLocal: () => this.autoApproveLocal,
      clock: this.clock,
      log: this.log,
    });
    devices.subscribe((change) => this.changes.push(change));
    return devices;
  }
}

export const linux: DeviceAbout = {
  clientId: "openclaw-tui",
  clientMode: "ui",
  platform: "linux",
  deviceFamily: "linux",
};

export function deviceId(name: string): string {
  return new Bun.CryptoHasher("sha256").update(name).digest("hex");
}

/** An operator's device on this machine that has shown the shared secret, unless `more` says otherwise. */
export function arrivalOf(name: string, more: Partial<Arrival> = {}): Arrival {
  return {
    deviceId: deviceId(name),
    publicKey: new Bun.CryptoHasher("sha256").update(`key of ${name}`).digest("base64url"),
    about: linux,
    role: "operator",
    scopes: ["operator.read"],
    proof: { by: "sharedSecret", isLocal: true },
    ...more,
  };
}

export const remote = { by: "sharedSecret", isLocal: false } as const;

/** Whoever holds the shared secret, without a device. */
export function holder(...scopes: readonly Scope[]): Approver {
  return { scopes: new Set(scopes) };
}

export const owner = holder(...allScopes);

/** The entrance of a device that is let in. */
export async function entered(
  devices: Devices,
  ...arrival: Parameters<typeof arrivalOf>
): Promise<Extract<Entrance, { entered: true }>> {
  const entrance = await devices.enter(arrivalOf(...arrival));
  if (!entrance.entered) throw new Error(`it was not let in: ${entrance.because}`);
  return entrance;
}

/** The request of a device that has to wait. */
export async function requested(devices: Devices, ...arrival: Parameters<typeof arrivalOf>): Promise<PairingRequest> {
  const entrance = await devices.enter(arrivalOf(...arrival));
  if (entrance.entered) throw new Error("it was let in");
  if (entrance.because !== "approvalNeeded") throw new Error(`it was refused: ${entrance.because}`);
  return entrance.request;
}

/** What was done; a refusal fails the test. */
export async function done<Value>(decision: Promise<Decision<Value>>): Promise<Value> {
  const decided = await decision;
  if (!decided.done) throw new Error(`it was refused: ${decided.because}`);
  return decided.value;
}
