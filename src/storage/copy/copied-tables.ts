type ColumnType = "text" | "number" | "bytes";

export interface CopiedTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** What orders its rows, and no two have alike. */
  readonly key: readonly string[];
}

export type CopiedRow = Readonly<Record<string, string | number | null | Uint8Array>>;

/** All that a storage keeps, in an order in which no row comes before one that it points to. */
export const copiedTables: readonly CopiedTable[] = [
  {
    name: "sessions",
    columns: {
      id: "text",
      key: "text",
      agent_id: "text",
      created_at: "number",
      updated_at: "number",
      head_seq: "number",
      head_hash: "text",
      head_id: "text",
      projection: "text",
      ended_at: "number",
      purged: "number",
    },
    key: ["id"],
  },
  {
    name: "events",
    columns: {
      session_id: "text",
      seq: "number",
      id: "text",
      at: "number",
      parent_id: "text",
      kind: "text",
      data: "text",
      hash: "text",
    },
    key: ["session_id", "seq"],
  },
  {
    name: "receipts",
    columns: {
      scope: "text",
      key: "text",
      request_hash: "text",
      run_id: "text",
      session_id: "text",
      at: "number",
      seal: "text",
    },
    key: ["scope", "key"],
  },
  {
    name: "runs",
    columns: {
      n: "number",
      run_id: "text",
      session_id: "text",
      seq: "number",
      started_at: "number",
      resumed: "number",
      ended_at: "number",
      stop_reason: "text",
    },
    key: ["n"],
  },
  {
    name: "outbox",
    columns: {
      n: "number",
      id: "text",
      session_id: "text",
      run_id: "text",
      address: "text",
      text: "text",
      created_at: "number",
      attempts: "number",
      next_at: "number",
      problem: "text",
      claim: "number",
      owner: "text",
      claimed_until: "number",
      may_be_sent: "number",
      dead_at: "number",
      files: "text",
      seal: "text",
    },
    key: ["n"],
  },
  { name: "blobs", columns: { hash: "text", mime_type: "text", bytes: "bytes", created_at: "number" }, key: ["hash"] },
  {
    name: "records",
    columns: { kind: "text", id: "text", version: "number", data: "text", updated_at: "number", seal: "text" },
    key: ["kind", "id"],
  },
];
