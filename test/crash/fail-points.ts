import type { Deed } from "./load.ts";

/** A place where the process is made to die, and how a cycle gets there. */
interface FailPoint {
  readonly name: string;
  /** Where the process stands then. */
  readonly at: string;
  /** Passed on the first start of an installation, or with a part of it that a growing home would slow down. */
  readonly home?: "fresh";
  /** Passed when the process is asked to stop. */
  readonly ends?: "asked";
  /** Passed by a start that finds open turns, turns that were taken up too often, or calls of tools that were cut off. */
  readonly debts?: "some" | "old" | "calls";
  /** Passed when the platform refuses a delivery. */
  readonly platform?: "refusing";
  /** Passed when this is done, which else is done rarely. */
  readonly often?: Deed;
}

/** Every place but the switches below, in the order of the walk. */
export const failPoints: readonly FailPoint[] = [
  { name: "app.home.prepared", at: "the folders are there, the lock is not taken" },
  { name: "storage.lock.taken", at: "the lock is taken, its holder is not written" },
  { name: "storage.lock.told", at: "the holder of the lock is written" },
  { name: "config.secret.written", at: "the token is synced, and has no name yet", home: "fresh" },
  { name: "config.secret.made", at: "the token has its name, nobody was told", home: "fresh" },
  { name: "storage.open.fileMade", at: "the file of the database is there, empty on the first start" },
  { name: "storage.open.set", at: "the database is in its mode, before its schema is looked at" },
  { name: "storage.migration.written", at: "a step of the schema is made, not committed", home: "fresh" },
  { name: "storage.migration.done", at: "a step of the schema is committed", home: "fresh" },
  { name: "app.server.open", at: "clients can connect, what a crash left is not taken up" },
  { name: "recovery.look.begin", at: "everything is open, what a crash left is not looked at" },
  {
    name: "recovery.call.finished",
    at: "a call that a crash cut off has its result, that is not on disk",
    debts: "calls",
  },
  { name: "recovery.run.read", at: "an open turn is read", debts: "some" },
  { name: "recovery.run.marked", at: "an open turn is marked as taken up, and does not run yet", debts: "some" },
  { name: "recovery.run.ended", at: "a turn that was taken up too often is ended", debts: "old" },
  { name: "app.ready", at: "the gateway is ready, nobody was told" },
  { name: "rpc.hello.begin", at: "a client is let in, and not greeted", often: "greet" },
  { name: "rpc.hello.said", at: "a client is greeted", often: "greet" },
  { name: "rpc.call.checked", at: "a call is checked, and not begun" },
  { name: "gateway.receive.reserved", at: "a message has a place, and is not on disk" },
  { name: "gateway.receive.appended", at: "a message is on disk, its turn is not begun" },
  { name: "gateway.receive.placed", at: "the turn of a message is begun, its sender is not told" },
  { name: "gateway.receive.repeated", at: "a message that was taken before is recognised" },
  { name: "rpc.answer.begin", at: "a call is done, its answer is not sent" },
  { name: "rpc.answer.said", at: "the answer to a call is sent" },
  { name: "rpc.accepted.said", at: "the first of two answers to a call is sent" },
  { name: "http.answer.begin", at: "a call over HTTP is done, its answer is not sent" },
  { name: "sessions.open.begin", at: "the first message of a session goes to the storage", often: "doom" },
  { name: "sessions.open.stored", at: "the first message of a session is on disk, nobody was told", often: "doom" },
  { name: "sessions.append.begin", at: "events of a session go to the storage" },
  { name: "sessions.append.stored", at: "events of a session are on disk, nobody was told" },
  { name: "sessions.patch.stored", at: "a setting of a session is on disk", often: "patch" },
  { name: "sessions.reset.begin", at: "the end of a session and its successor go to the storage", often: "reset" },
  { name: "sessions.reset.stored", at: "the end of a session and its successor are on disk", often: "reset" },
  {
    name: "sessions.delete.endedGone",
    at: "earlier sessions of a key are deleted, the live one is not",
    often: "doom",
  },
  { name: "sessions.delete.gone", at: "all sessions of a key are deleted", often: "doom" },
  { name: "gateway.ending.stopped", at: "the turns of a session that ends are told to stop", often: "reset" },
  { name: "gateway.ending.quiet", at: "the turns of a session that ends are over, it has not ended", often: "reset" },
  { name: "gateway.ending.recorded", at: "a turn without an answer is ended on disk", often: "reset" },
  { name: "storage.append.begin", at: "an append is in a transaction, and has written nothing" },
  { name: "storage.append.events", at: "the events of an append are written, its receipt is not" },
  { name: "storage.commit.begin", at: "writes are gathered, no transaction is open" },
  { name: "storage.commit.oneWritten", at: "one of several writes is in the transaction" },
  { name: "storage.commit.allWritten", at: "all writes are in the transaction, it is not committed" },
  { name: "storage.commit.done", at: "the transaction is on disk, nobody was told" },
  { name: "storage.commit.told", at: "the transaction is on disk, and its writers are told" },
  { name: "storage.purge.hidden", at: "a deleted session is hidden, its events are on disk", often: "doom" },
  { name: "gateway.turn.begun", at: "a turn runs, nothing of it is prepared" },
  { name: "gateway.turn.prepared", at: "a turn has its model and tools" },
  { name: "agent.model.begin", at: "the model is about to be asked" },
  { name: "gateway.turn.delta", at: "the model has said a part of its answer" },
  { name: "agent.model.answered", at: "the model has answered, nothing is recorded" },
  { name: "gateway.turn.event", at: "an event of a turn goes to the storage" },
  { name: "gateway.turn.recorded", at: "an event of a turn is on disk" },
  { name: "agent.tools.intended", at: "what the model wants to run is on disk, nothing has run" },
  { name: "agent.tool.begin", at: "a tool is about to run" },
  { name: "agent.tool.finished", at: "a tool has run, its result is not on disk" },
  { name: "outbox.look.begin", at: "the outbox is about to be read" },
  { name: "outbox.deliver.begin", at: "a message is about to be sent" },
  { name: "outbox.deliver.attempted", at: "the platform has answered, that is not on disk" },
  { name: "outbox.deliver.recorded", at: "a delivery is on disk, and its row is gone" },
  { name: "outbox.postpone.begin", at: "a delivery failed, its next time is not on disk", platform: "refusing" },
  { name: "outbox.send.sent", at: "the platform has a message of a call, that is not on disk", often: "notify" },
  {
    name: "outbox.send.recorded",
    at: "a message of a call is sent and on disk, the caller is not told",
    often: "notify",
  },
  {
    name: "config.file.written",
    at: "new settings are synced, the old ones have the name",
    home: "fresh",
    often: "configure",
  },
  {
    name: "config.file.replaced",
    at: "new settings have the name, the folder is not synced",
    home: "fresh",
    often: "configure",
  },
  { name: "storage.close.begin", at: "the storage is about to be closed", ends: "asked" },
  { name: "storage.close.checkpointed", at: "the log is in the database, which is still open", ends: "asked" },
];

/** What a process passes only with an account of a chat platform; the campaigns over platforms die there. */
export const channelPoints: readonly Pick<FailPoint, "name" | "at">[] = [
  { name: "telegram.poll.brought", at: "Telegram has brought updates, nothing of them is on disk" },
  { name: "telegram.offset.begin", at: "updates are on disk, up to which is not noted" },
  { name: "telegram.offset.noted", at: "up to which update we have them is noted, Telegram may not know" },
  { name: "inbound.wait.written", at: "a message that waits for its turn is on disk, its platform is not told" },
  { name: "inbound.wait.placed", at: "a message that waited has its turn, and still waits on disk" },
  { name: "inbound.backlog.written", at: "a message that waits on disk alone is there, its platform is not told" },
  {
    name: "inbound.backlog.handedOver",
    at: "messages that waited on disk alone are written down as having places in memory, which they do not have yet",
  },
  { name: "inbound.wait.forgotten", at: "a message that waited has its turn, and no longer waits on disk" },
];

/** Places that let a test choose another way, instead of the end. */
export const switches = [
  {
    name: "storage.open.unsynced",
    at: "the storage does not sync what it commits: how a test of power loss proves that it sees",
  },
] as const;
