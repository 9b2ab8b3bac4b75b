import { Type } from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { type Log, parseJson } from "#base";
import { Activation } from "#channels";
import type { Address } from "#protocol";
import type { Storage } from "#storage";
import { defaultAccount } from "../line.ts";

const kind = "channel-activation";

const Entry = Type.Object({ activation: Activation });

/** What owners said in a chat about what starts a turn there: stronger than the settings. */
export class ActivationBook {
  readonly #storage: Storage;
  readonly #log: Log;

  constructor({ storage, log }: { readonly storage: Storage; readonly log: Log }) {
    this.#storage = storage;
    this.#log = log;
  }

  /** A thread's own, or its chat's. */
  async kept(at: Address): Promise<Activation | undefined> {
    const own = await this.#read(at);
    if (own !== undefined || at.thread === undefined) return own;
    const { thread: _thread, ...chat } = at;
    return this.#read(chat);
  }

  /** Undefined: the settings count again. */
  async keep(at: Address, activation: Activation | undefined): Promise<void> {
    const data = activation && JSON.stringify({ activation } satisfies typeof Entry.static);
    await this.#storage.writeRecords([{ kind, id: idOf(at), data }]);
  }

  /** What cannot be understood says nothing, and the settings count. */
  async #read(at: Address): Promise<Activation | undefined> {
    const row = await this.#storage.record(kind, idOf(at));
    if (!row) return undefined;
    const entry = row.isDamaged ? undefined : parseJson(row.data);
    if (Check(Entry, entry)) return entry.activation;
    const { channel, account } = at;
    this.#log.error("what was said of when to answer in a chat is damaged and not heeded", { channel, account });
    return undefined;
  }
}

function idOf({ channel, account = defaultAccount, chat, thread = "" }: Address): string {
  return JSON.stringify([channel, account, chat, thread]);
}
