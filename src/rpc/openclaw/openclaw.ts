import { type Log, newId } from "#base";
import type { DeviceRole } from "#devices";
import type { Authenticator } from "../authenticator.ts";
import type { ConnectionInfo } from "../connection.ts";
import type { Dialect, Speaker } from "../dialect.ts";
import { Dispatcher } from "../dispatcher.ts";
import type { RpcLimits } from "../limits.ts";
import type { NodesDoor } from "../nodes/door.ts";
import { ParamsChecker } from "../params.ts";
import type { RunWatches } from "../run-watch.ts";
import type { Services } from "../services.ts";
import type { WireEvent } from "../wire-events.ts";
import { openClawMethods } from "./adapters/index.ts";
import { Dialogue, type Table } from "./dialogue.ts";
import { events, type OpenClawEvent } from "./events.ts";
import { OpenClawFeed } from "./feed.ts";
import { type Greeter, helloOk } from "./hello.ts";
import { ReceptionDesk } from "./reception.ts";

export interface OpenClawOptions {
  readonly services: Services;
  readonly limits: RpcLimits;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly watches: RunWatches;
  readonly nodes: NodesDoor;
  readonly connections: (newest?: number) => readonly ConnectionInfo[];
  readonly tell: (event: OpenClawEvent) => void;
  /** Is anyone there who speaks this? */
  readonly isHeard: () => boolean;
  /** For how long the gateway has been running. */
  readonly uptimeMs: () => number;
}

/** The original's wire protocol: its dialogues, and the events that they are told. */
export class OpenClaw {
  readonly #table: Table;
  readonly #dispatcher: Dispatcher;
  readonly #feed: OpenClawFeed;
  readonly #desk: ReceptionDesk;

  constructor(options: OpenClawOptions) {
    const { limits, authenticator, services, nodes } = options;
    const catalog = { methods: openClawMethods.map(({ name }) => name).toSorted(), events: Object.keys(events) };
    this.#dispatcher = new Dispatcher({ ...options, methods: openClawMethods, catalog });
    this.#feed = new OpenClawFeed(options);
    const greeter: Greeter = {
      ...options,
      catalog,
      authMode: authenticator.mode,
      bootId: newId(),
      stateVersion: () => this.#feed.stateVersion,
    };
    const hello: Table["hello"] = (caller, pass) => helloOk(greeter, caller, pass);
    this.#desk = new ReceptionDesk({ authenticator, devices: services.devices });
    this.#table = { calls: this.#dispatcher, params: new ParamsChecker(), limits, desk: this.#desk, hello, nodes };
  }

  dialogue(speaker: Speaker): Dialect {
    return new Dialogue(speaker, this.#table);
  }

  take(event: WireEvent): void {
    this.#feed.take(event);
  }

  /** What a device was let in by is gone, also for who is on the way in. */
  shutOut(device: { readonly deviceId: string; readonly role?: DeviceRole }, reason: string): void {
    this.#desk.shutOut(device, reason);
  }

  /** From here on every call is refused. */
  close(): void {
    this.#dispatcher.close();
    this.#feed.close();
  }
}
