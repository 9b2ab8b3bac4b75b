import { clip, sayingOf } from "#base";
import type { Place, Sender } from "#channels";
import { type Address, Fault, fault } from "#protocol";
import type { RecordRow } from "#storage";
import type { Visitor } from "../access/door.ts";
import type { Line } from "../line.ts";
import type { AsideDesk, InboundHouse, SetAside } from "./inbound.ts";
import { isTemporary } from "./is-temporary.ts";
import { type Content, readKept, textIn } from "./kept-update.ts";
import type { Reception } from "./reception.ts";
import { asideRecords } from "./record-kinds.ts";
import type { WaitingRoom } from "./waiting-room.ts";

const longestText = 1_000;
const longestProblem = 300;

/** What was put aside, for a person who may let it be taken again, as if the platform had brought it again. */
export function createAsideDesk(
  { storage, lines }: Pick<InboundHouse, "storage" | "lines">,
  {
    reception,
    waiting,
    mayEnter,
  }: {
    readonly reception: Pick<Reception, "take">;
    readonly waiting: Pick<WaitingRoom, "takeBack">;
    readonly mayEnter: (visitor: Visitor, line: Line) => Promise<boolean>;
  },
): AsideDesk {
  /** By id: who asks for the same a second time gets the first answer. */
  const underWay = new Map<string, Promise<void>>();

  async function replay(id: string): Promise<void> {
    const row = await found(id);
    const { content } = readKept(row.data);
    if (!content) throw fault.replayFailed({ problem: "it was not kept whole" });
    const { from, sender, place } = aboutOf(content);
    const line = lines.find(from);
    if (!line)
      throw fault.replayFailed({ problem: `the account ${from.account ?? "default"} of ${from.channel} is not open` });
    if (!(await mayEnter({ from, sender, place }, line))) {
      throw fault.replayFailed({ problem: "who wrote it is not let in now" });
    }
    await again(content, line, row);
  }

  /** Ids of platforms leave receipts: what is cut off between the two steps is not taken a second time. */
  async function again(content: Content, line: Line, row: RecordRow): Promise<void> {
    const letGo = { kind: asideRecords, id: row.id, data: undefined, expected: row.version };
    if (content.what === "messages") {
      if (!(await waiting.takeBack(content.entries, letGo))) throw fault.deadLetterNotFound({ id: row.id });
      return;
    }
    try {
      await reception.take(content.update, line);
    } catch (error) {
      if (isTemporary(error)) throw error;
      const problem = firstLine(sayingOf(error, "it broke again"));
      throw fault.replayFailed({ problem: error instanceof Fault ? problem : `it broke again (${problem})` }, error);
    }
    await storage.writeRecords([letGo]);
  }

  async function found(id: string): Promise<RecordRow> {
    const row = await storage.record(asideRecords, id);
    if (row) return row;
    throw fault.deadLetterNotFound({ id });
  }

  return {
    async list({ limit, after }) {
      const rows = await storage.records({ kind: asideRecords, limit, ...(after !== undefined && { after }) });
      return rows.map(shown);
    },
    replay(id) {
      const first = underWay.get(id);
      if (first) return first;
      const work = replay(id).finally(() => underWay.delete(id));
      underWay.set(id, work);
      return work;
    },
    async drop(id) {
      const { version } = await found(id);
      const isGone = await storage.writeRecords([{ kind: asideRecords, id, data: undefined, expected: version }]);
      if (!isGone) throw fault.deadLetterNotFound({ id });
    },
  };
}

function shown({ id, updatedAt, data }: RecordRow): SetAside {
  const { problem, content } = readKept(data);
  const row = { id, at: updatedAt, problem: clip(firstLine(problem), longestProblem), isWhole: content !== undefined };
  if (!content) return row;
  const { from, sender } = aboutOf(content);
  return { ...row, from, senderId: sender.id, text: clip(textIn(content), longestText) };
}

function aboutOf(content: Content): { readonly from: Address; readonly sender: Sender; readonly place: Place } {
  if (content.what === "update") return content.update;
  const [first] = content.entries;
  if (!first) throw new TypeError("nothing was put aside");
  // Where it is not known what kind of chat it was, the strictest rule counts.
  return { from: first.from, sender: { id: first.sender, isBot: false }, place: first.place ?? { kind: "direct" } };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
