/**
 * The room of this program in the database, and who is in it. `holder` is the gateway that may write; `outcome` is what the
 * last write that had one came to.
 */
export const foundation: readonly string[] = [
  `CREATE SCHEMA IF NOT EXISTS openclaw`,
  `CREATE TABLE IF NOT EXISTS openclaw.gateway (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    holder      text NOT NULL DEFAULT '',
    mark        text NOT NULL DEFAULT '',
    outcome     bigint NOT NULL DEFAULT 0,
    process     text NOT NULL DEFAULT '',
    schema_step bigint NOT NULL DEFAULT 0
  )`,
  `INSERT INTO openclaw.gateway DEFAULT VALUES ON CONFLICT DO NOTHING`,
];

/**
 * The schema, step by step; `gateway.schema_step` counts the steps taken. A step that was released is never changed; the
 * next one is added below. What texts are found and ordered by is compared by its bytes, as SQLite does. Tables and columns are named as SQLite's are, so that one can be copied to the other.
 *
 * `gateway` has one row: who may write, and the mark of the last write. Every write locks that row, so writes follow one
 * another, and takes it from one mark to the next, so that a write of unknown outcome can be asked for or made impossible.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE openclaw.sessions (
    id         text COLLATE "C" PRIMARY KEY,
    key        text COLLATE "C" NOT NULL,
    agent_id   text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    head_seq   bigint NOT NULL,
    head_hash  text NOT NULL,
    head_id    text,
    projection text NOT NULL,
    ended_at   bigint,
    purged     bigint NOT NULL DEFAULT 0
  )`,
    `CREATE UNIQUE INDEX sessions_live_key ON openclaw.sessions (key) WHERE ended_at IS NULL`,
    `CREATE INDEX sessions_ended_key ON openclaw.sessions (key) WHERE ended_at IS NOT NULL`,
    `CREATE INDEX sessions_recent ON openclaw.sessions (updated_at, id) WHERE ended_at IS NULL`,
    `CREATE INDEX sessions_purged ON openclaw.sessions (id) WHERE purged = 1`,
    `CREATE TABLE openclaw.events (
    session_id text COLLATE "C" NOT NULL REFERENCES openclaw.sessions (id),
    seq        bigint NOT NULL,
    id         text COLLATE "C" NOT NULL,
    at         bigint NOT NULL,
    parent_id  text,
    kind       text COLLATE "C" NOT NULL,
    data       text NOT NULL,
    hash       text COLLATE "C" NOT NULL,
    sent_id    text,
    PRIMARY KEY (session_id, seq)
  )`,
    `CREATE INDEX events_sent ON openclaw.events (sent_id) WHERE sent_id IS NOT NULL`,
    `CREATE TABLE openclaw.receipts (
    scope        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    request_hash text NOT NULL,
    run_id       text COLLATE "C" NOT NULL,
    session_id   text COLLATE "C" NOT NULL REFERENCES openclaw.sessions (id),
    at           bigint NOT NULL,
    PRIMARY KEY (scope, key)
  )`,
    `CREATE INDEX receipts_session ON openclaw.receipts (session_id)`,
    `CREATE INDEX receipts_at ON openclaw.receipts (at)`,
    `CREATE TABLE openclaw.runs (
    n           bigint PRIMARY KEY,
    run_id      text COLLATE "C" NOT NULL,
    session_id  text COLLATE "C" NOT NULL REFERENCES openclaw.sessions (id),
    seq         bigint NOT NULL,
    started_at  bigint NOT NULL,
    resumed     bigint NOT NULL DEFAULT 0,
    ended_at    bigint,
    stop_reason text,
    UNIQUE (run_id, session_id)
  )`,
    `CREATE INDEX runs_session ON openclaw.runs (session_id)`,
    `CREATE INDEX runs_open ON openclaw.runs (n) WHERE ended_at IS NULL`,
    `CREATE TABLE openclaw.outbox (
    n          bigint PRIMARY KEY,
    id         text COLLATE "C" NOT NULL UNIQUE,
    session_id text COLLATE "C" NOT NULL REFERENCES openclaw.sessions (id),
    run_id     text,
    address    text COLLATE "C" NOT NULL,
    text       text NOT NULL,
    created_at bigint NOT NULL,
    attempts   bigint NOT NULL DEFAULT 0,
    next_at    bigint NOT NULL,
    problem       text,
    claim         bigint NOT NULL DEFAULT 0,
    owner         text,
    claimed_until bigint,
    may_be_sent   bigint NOT NULL DEFAULT 0,
    dead_at       bigint
  )`,
    `CREATE INDEX outbox_session ON openclaw.outbox (session_id)`,
    `CREATE INDEX outbox_living ON openclaw.outbox (address, n) WHERE dead_at IS NULL`,
    `CREATE TABLE openclaw.blobs (
    hash       text COLLATE "C" PRIMARY KEY,
    mime_type  text NOT NULL,
    bytes      bytea NOT NULL,
    created_at bigint NOT NULL
  )`,
    `CREATE TABLE openclaw.records (
    kind       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    data       text NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (kind, id)
  )`,
    `CREATE INDEX records_at ON openclaw.records (kind, updated_at)`,
  ],
  [`ALTER TABLE openclaw.outbox ADD COLUMN files text`],
  // What stood there before is sealed as it is, in the same transaction.
  [
    `ALTER TABLE openclaw.receipts ADD COLUMN seal text COLLATE "C" NOT NULL DEFAULT ''`,
    `ALTER TABLE openclaw.outbox ADD COLUMN seal text COLLATE "C" NOT NULL DEFAULT ''`,
    `ALTER TABLE openclaw.records ADD COLUMN seal text COLLATE "C" NOT NULL DEFAULT ''`,
  ],
];

/** The step that brought the seals, counted from 1. */
export const sealStep = 3;
