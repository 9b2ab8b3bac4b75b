/**
 * The schema, step by step: the database's `user_version` counts the steps taken. A step that was released is never
 * changed; the next one is added below.
 *
 * Events have a hidden integer key beside their primary key: for rows of this size that writes up to four times faster
 * than a table WITHOUT ROWID, and reads alike.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    key        TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    head_seq   INTEGER NOT NULL DEFAULT 0,
    head_hash  TEXT NOT NULL DEFAULT '',
    head_id    TEXT,
    projection TEXT NOT NULL DEFAULT '',
    ended_at   INTEGER,
    purged     INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX sessions_live_key ON sessions (key) WHERE ended_at IS NULL;
  CREATE INDEX sessions_ended_key ON sessions (key) WHERE ended_at IS NOT NULL;
  CREATE INDEX sessions_recent ON sessions (updated_at, id) WHERE ended_at IS NULL;
  CREATE INDEX sessions_purged ON sessions (id) WHERE purged = 1;

  CREATE TABLE events (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    seq        INTEGER NOT NULL,
    id         TEXT NOT NULL,
    at         INTEGER NOT NULL,
    parent_id  TEXT,
    kind       TEXT NOT NULL,
    data       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT;

  CREATE TABLE receipts (
    scope        TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    run_id       TEXT NOT NULL,
    session_id   TEXT NOT NULL REFERENCES sessions (id),
    at           INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipts_session ON receipts (session_id);

  CREATE TABLE runs (
    n           INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL,
    session_id  TEXT NOT NULL REFERENCES sessions (id),
    seq         INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    resumed     INTEGER NOT NULL DEFAULT 0,
    ended_at    INTEGER,
    stop_reason TEXT,
    UNIQUE (run_id, session_id)
  ) STRICT;
  CREATE INDEX runs_session ON runs (session_id);
  CREATE INDEX runs_open ON runs (n) WHERE ended_at IS NULL;

  CREATE TABLE outbox (
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    run_id     TEXT,
    address    TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    problem    TEXT
  ) STRICT;
  CREATE INDEX outbox_session ON outbox (session_id);
  CREATE INDEX outbox_address ON outbox (address);

  CREATE TABLE blobs (
    hash       TEXT PRIMARY KEY NOT NULL,
    mime_type  TEXT NOT NULL,
    bytes      BLOB NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE records (
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,
    data       TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE outbox ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN owner TEXT;
  ALTER TABLE outbox ADD COLUMN claimed_until INTEGER;
  ALTER TABLE outbox ADD COLUMN may_be_sent INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN dead_at INTEGER;
  DROP INDEX outbox_address;
  CREATE INDEX outbox_living ON outbox (address, n) WHERE dead_at IS NULL;
  CREATE INDEX receipts_at ON receipts (at);
  CREATE INDEX records_at ON records (kind, updated_at);
  CREATE INDEX events_sent ON events (json_extract(data, '$.messageId')) WHERE kind = 'MessageSent';
  `,
  `
  ALTER TABLE outbox ADD COLUMN files TEXT;
  `,
  // What stood there before is sealed as it is, in the same transaction.
  `
  ALTER TABLE receipts ADD COLUMN seal TEXT NOT NULL DEFAULT '';
  ALTER TABLE outbox ADD COLUMN seal TEXT NOT NULL DEFAULT '';
  ALTER TABLE records ADD COLUMN seal TEXT NOT NULL DEFAULT '';
  `,
  // Holds all that is asked of many blobs: what stands behind the bytes in a row is read by reading through them.
  `
  CREATE INDEX blobs_age ON blobs (created_at, hash, mime_type, octet_length(bytes));
  `,
];

/** The step that brought the seals, counted from 1. */
export const sealStep = 5;
