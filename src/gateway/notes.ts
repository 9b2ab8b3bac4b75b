import type { Notes } from "#channels";
import type { Storage } from "#storage";

const kind = "channel-note";

/** The durable notes of one account of a channel, apart from those of all others. */
export function createNotes(storage: Storage, account: string): Notes {
  const idOf = (name: string) => `${account}/${name}`;
  return {
    read: async (name) => {
      const note = await storage.record(kind, idOf(name));
      return note?.isDamaged ? undefined : note?.data; // as if it had never been written: what comes again is known
    },
    write: async (name, text) => {
      await storage.writeRecords([{ kind, id: idOf(name), data: text }]);
    },
  };
}
