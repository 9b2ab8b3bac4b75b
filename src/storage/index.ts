/** The only databases: event log, outbox, blobs. */
export type {
  Append,
  Appended,
  BlobRow,
  EventRange,
  NewEvent,
  NewOutboxRow,
  NewReceipt,
  OutboxRow,
  Receipt,
  RunRow,
  SessionRow,
  Storage,
} from "./storage.ts";
