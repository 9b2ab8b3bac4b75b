import type { Notes } from "#channels";
import type { Storage } from "#storage";

const kind = "channel-note";

/** The durable notes of one account of a channel, apart from those of all others. */
export function createNotes(storage: Storage, account: string): Notes {
  const idOf = (name: string) => `${account}/${name}`;
  return {
    read: async (name) => (await storage.record(kind, idOf(name)))?.data,
    write: async (name, text) => {
      await storage.writeRecords([{ kind, id: idOf(name), data: text }]);
    },
  };
}
