import { lazily } from "#base";
import type { Inbound, InboundHouse, InboundOptions } from "./inbound.ts";
import type { OpenInbound } from "./open-inbound.ts";
import { backlogRecords, waitingRecords } from "./record-kinds.ts";

/** Loads the way in with the first update, or when something is asked of it: a gateway of the web alone never does. */
export function createInbound(house: InboundHouse, options: InboundOptions): Inbound {
  const held = new AsyncDisposableStack();
  const opened: { inbound?: OpenInbound } = {};
  const hasAny = async (kind: string) => (await house.storage.records({ kind, limit: 1 })).length > 0;
  const hasWaiting = async () => (await hasAny(waitingRecords)) || (await hasAny(backlogRecords));
  const open = lazily(async () => {
    const { openInbound } = await load();
    return (opened.inbound = held.use(await openInbound(house, options)));
  });
  return {
    take: async (update, line) => (await open()).take(update, line),
    prepare: async () => {
      if (await hasWaiting()) await load();
    },
    recover: async () => {
      if (await hasWaiting()) await open();
    },
    backlog: () => opened.inbound?.backlog() ?? { messages: 0, isFull: false },
    pairing: {
      list: async (where) => (await open()).pairing.list(where),
      approve: async (channel, code, account) => (await open()).pairing.approve(channel, code, account),
      approveAndTell: async (channel, code, account) => (await open()).pairing.approveAndTell(channel, code, account),
      reject: async (channel, code, account) => (await open()).pairing.reject(channel, code, account),
      allowed: async (where) => (await open()).pairing.allowed(where),
      allow: async (who) => (await open()).pairing.allow(who),
      disallow: async (who) => (await open()).pairing.disallow(who),
    },
    asides: {
      list: async (page) => (await open()).asides.list(page),
      replay: async (id) => (await open()).asides.replay(id),
      drop: async (id) => (await open()).asides.drop(id),
    },
    activations: {
      kept: async (at) => (await open()).activations.kept(at),
      keep: async (at, activation) => (await open()).activations.keep(at, activation),
    },
    explain: async (traveller) => (await open()).explain(traveller),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function load() {
  return import("./open-inbound.ts");
}
