/** The only databases: event log, outbox, blobs. */
export { backups, type BackupFile } from "./backups.ts";
export { copyStorage, type CopyProgress, countStorage } from "./copy-storage.ts";
export { BrokenChain } from "./hash-chain.ts";
export {
  type Finding,
  type Inspection,
  type InspectionProgress,
  inspectServer,
  inspectStorage,
  type ProjectionCheck,
} from "./inspect-storage.ts";
export { acquireLock, type Lock } from "./lock.ts";
export { schemaSteps } from "./schema-steps.ts";
export { storageSettings } from "./settings.ts";
export type { OutboxFile } from "./outbox-file.ts";
export { openStorage } from "./open-storage.ts";
export { openSqlite } from "./sqlite/open-sqlite.ts";
export { readStorageUrl, type StoragePlace } from "./storage-url.ts";
export type {
  Append,
  Appended,
  BlobRow,
  EndedSession,
  EventRange,
  FileBlob,
  NewEvent,
  NewOutboxRow,
  NewReceipt,
  OutboxClaim,
  OutboxRow,
  Receipt,
  RecordRow,
  RecordWrite,
  RunRow,
  SentPlace,
  SessionRow,
  Settlement,
  Storage,
  Upkeep,
} from "./storage.ts";
