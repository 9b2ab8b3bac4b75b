import { type Static, Type } from "@sinclair/typebox";
import { AboutRecord, DeviceId } from "./device-record.ts";

export const mostEntries = 256;
export const longestEntry = 128;

const Entries = Type.Array(Type.String({ maxLength: longestEntry }), { maxItems: mostEntries, uniqueItems: true });
const caps = Entries;
const commands = Entries;

/** What a node offers, what of it was approved, and whether somebody is asked about the rest. */
export const SurfaceRecord = Type.Object({
  nodeId: DeviceId,
  about: AboutRecord,
  declared: Type.Object({ caps, commands }),
  approved: Type.Optional(Type.Object({ caps, commands, at: Type.Integer({ minimum: 0 }) })),
  /** About all that is declared. */
  asked: Type.Optional(Type.Object({ requestId: Type.String({ maxLength: 128 }), at: Type.Integer({ minimum: 0 }) })),
});
export type SurfaceRecord = Static<typeof SurfaceRecord>;
