import { failPoint } from "#base";
import { type Address, fault, type InboundMessage } from "#protocol";
import type { Place } from "#scheduler";
import type { NewReceipt, Receipt as Known } from "#storage";
import { createAnswers } from "./answers.ts";
import { received, receiptOf } from "./arrival.ts";
import { settleDeadLetter } from "./dead-letters.ts";
import { endAborted, endLeftovers, isReadInLog } from "./ending.ts";
import { Endings } from "./endings.ts";
import type { Gateway, Receipt, RunStatus } from "./gateway.ts";
import type { House, Rooms } from "./house.ts";
import { attendTo } from "./outbound/attend-to.ts";
import { rowsFor } from "./outbound/pieces.ts";
import { Previews } from "./outbound/previews.ts";
import { Tickets } from "./outbound/tickets.ts";
import { createOutbox } from "./outbox.ts";
import { Prompts } from "./prompts.ts";
import { Recovery } from "./recovery.ts";
import { Requests } from "./requests.ts";
import { Run } from "./run.ts";
import { runTurn } from "./run-turn.ts";
import { createSweeper } from "./sweeper.ts";
import { lineTo } from "./transmit.ts";

/** Opens the walk. `sessionKeyOf` names the session that holds what is sent to an address. */
export function createGateway(rooms: Rooms, sessionKeyOf: (to: Address) => string): Gateway {
  const house: House = { ...rooms, previews: new Previews(rooms.storage), tickets: new Tickets() };
  const runs = new Set<Run>();
  const endings = new Endings();
  const outbox = createOutbox(house);
  const answers = createAnswers(house, repeat, () => outbox.wake());
  const requests = new Requests(house);
  const prompts = new Prompts(house);
  const sweeper = createSweeper(house, (hash) => prompts.isInUse(hash));
  const recovery = new Recovery(house, {
    reserve: (key) => {
      const reservation = house.scheduler.reserve(key);
      if (reservation.reserved) return reservation.place;
      return reservation.because === "closing" ? "closing" : "full";
    },
    start: ({ message: { runId, from }, key, startedAt, unfinished }, place) => {
      const run = new Run({ runId, sessionKey: key, from, startedAt, unfinished });
      start(run, place);
      return run.ended;
    },
    ended: () => outbox.wake(),
  });

  /** From here on the turn is ours: it ends in the log, whatever happens. */
  function start(run: Run, place: Place): void {
    runs.add(run);
    run.place(() =>
      place.start(async (closing) => {
        run.begin(house.clock.now());
        const interrupt = () => run.stop("closing");
        closing.addEventListener("abort", interrupt);
        const attended = attendTo(house, run);
        try {
          await runTurn(house, run, prompts);
          if (!isReadInLog(house, run.from)) outbox.wake();
        } finally {
          attended?.[Symbol.dispose]();
          closing.removeEventListener("abort", interrupt);
          finish(run);
        }
      }),
    );
  }

  function finish(run: Run): void {
    runs.delete(run);
    run.end();
  }

  async function receive(message: InboundMessage): Promise<Receipt> {
    const mark = receiptOf(message);
    const isClear = await recovery.clear(message.sessionKey); // what a crash left comes before what is new
    const reservation = isClear ? house.scheduler.reserve(message.sessionKey) : noRoom;
    if (!reservation.reserved) {
      const earlier = await house.storage.receipt(mark.scope, mark.key);
      return earlier ? repeat(earlier, mark) : { taken: false, because: reservation.because };
    }
    const { place } = reservation;
    failPoint("gateway.receive.reserved");
    while (endings.isUnderWay(message.sessionKey)) await endings.over(message.sessionKey);
    const run = new Run({ ...message, startedAt: house.clock.now() });
    runs.add(run); // before anything is awaited: an abort, a reset or a delete that comes next must find it
    const appended = await house.sessions
      .append(message.sessionKey, [received(message)], { receipt: mark })
      .catch((error: unknown) => {
        discard(run, place);
        throw error;
      });
    failPoint("gateway.receive.appended");
    if (!appended.taken) {
      discard(run, place);
      return repeat(appended.receipt, mark);
    }
    start(run, place);
    failPoint("gateway.receive.placed");
    return { taken: true, runId: message.runId, status: "queued", isRepeat: false };
  }

  function discard(run: Run, place: Place): void {
    place.giveBack();
    finish(run);
  }

  async function repeat(earlier: Known, now: NewReceipt): Promise<Receipt> {
    failPoint("gateway.receive.repeated");
    if (earlier.isDamaged) return { taken: false, because: "damaged" };
    if (earlier.requestHash !== now.requestHash) return { taken: false, because: "conflict" };
    return { taken: true, runId: earlier.runId, status: await statusOf(earlier.runId), isRepeat: true };
  }

  /** A turn that is on disk without an ending and not at work, because its ending could not be written, waits for the next start. */
  async function statusOf(runId: string): Promise<RunStatus> {
    const active = activeRuns().find((run) => run.runId === runId);
    if (active) return active.view().status;
    const ended = await house.sessions.run(runId);
    if (ended?.stopReason === undefined) return "queued";
    if (ended.stopReason === "aborted" || ended.stopReason === "error") return ended.stopReason;
    return "ok";
  }

  function activeRuns(): readonly Run[] {
    return [...runs].filter((run) => run.isActive);
  }

  /** False when there was nothing to stop, because its message was not taken. */
  async function stop(run: Run): Promise<boolean> {
    if (run.isArriving) run.stop("asked"); // when it begins it must know already
    await run.arrived;
    if (!run.isActive) return false;
    if (!run.withdraw()) {
      run.stop("asked");
      return true;
    }
    try {
      await endAborted(house, run);
    } finally {
      finish(run);
    }
    return true;
  }

  /** Ends a session in which nothing goes on any more, and into which nothing comes meanwhile. */
  async function endSession<T>(sessionKey: string, end: () => Promise<T>): Promise<T> {
    await recovery.clear(sessionKey);
    return endings.during(sessionKey, async () => {
      const mine = [...runs].filter((run) => run.sessionKey === sessionKey);
      await Promise.all(mine.map(stop));
      failPoint("gateway.ending.stopped");
      await Promise.all(mine.map((run) => run.ended));
      failPoint("gateway.ending.quiet");
      return end();
    });
  }

  return {
    receive,
    async keepFiles(files) {
      const { keepFiles } = await import("./keep-files.ts");
      return keepFiles(house.storage, files);
    },
    holdTicket: (runId, ticket) => house.tickets.hold(runId, ticket),
    async answer(message, work) {
      await recovery.clear(message.sessionKey);
      return answers.answer(message, work);
    },
    async relay(message, passed) {
      await recovery.clear(message.sessionKey);
      return answers.relay(message, passed);
    },
    async abort({ sessionKey, runId }) {
      await recovery.clear(sessionKey);
      const mine = [...runs].filter(
        (run) => run.sessionKey === sessionKey && (runId === undefined || run.runId === runId),
      );
      const stopped = await Promise.all(mine.map(stop));
      return mine.filter((_run, at) => stopped[at]).map((run) => run.runId);
    },
    activeRuns: () => activeRuns().map((run) => run.view()),
    resetSession: (sessionKey) =>
      endSession(sessionKey, async () => {
        await endLeftovers(house, sessionKey);
        return house.sessions.reset(sessionKey);
      }),
    deleteSession: (sessionKey) => endSession(sessionKey, () => house.sessions.delete(sessionKey)),
    async send(to, text, { files = [], buttons = [] } = {}) {
      const { channel } = lineTo(house, to); // before a session is named after an address that leads nowhere
      if (buttons.length > 0 && !channel.abilities?.includes("buttons")) {
        throw fault.invalidParams({ path: "buttons", problem: `${channel.label} shows no buttons` });
      }
      const sent = files.length === 0 ? [] : (await import("./outbound/post-file.ts")).outboundFiles(files, channel);
      return outbox.send(sessionKeyOf(to), {
        to,
        text,
        ...(sent.length > 0 && { files: sent }),
        ...(buttons.length > 0 && { buttons }),
      });
    },
    async openFile(runId, blob) {
      const run = activeRuns().find((one) => one.runId === runId);
      if (!run) return { found: false, because: "This turn is over." };
      const { receivedFile } = await import("./inbound/received-file.ts");
      return receivedFile(house, run, blob);
    },
    async sendFile(runId, file) {
      const run = activeRuns().find((one) => one.runId === runId);
      if (!run) return { taken: false, because: "This turn is over." };
      const { postFile } = await import("./outbound/post-file.ts");
      const receipt = await postFile(house, run, file);
      outbox.wake();
      return receipt;
    },
    async post(sessionKey, { to, text, ticket }) {
      const rows = await rowsFor(house, { to, text });
      if (rows.length === 0) return;
      if (ticket) for (const { id } of rows) house.tickets.hold(id, ticket);
      await house.sessions.append(sessionKey, [{ kind: "StateChanged", key: "message.posted", value: { to } }], {
        outbox: rows,
      });
      outbox.wake();
    },
    async recover() {
      outbox.wake();
      failPoint("recovery.look.begin");
      return recovery.begin();
    },
    async trace(id) {
      const { findTraces } = await import("./find-traces.ts");
      return findTraces(house, id, this.activeRuns());
    },
    async at(sessionKey, seq) {
      const { lookBack } = await import("./look-back.ts");
      return lookBack(house, sessionKey, seq);
    },
    outbox: (page) => house.storage.outbox(page),
    async settleDeadLetter(id, as) {
      await settleDeadLetter(house, id, as);
      outbox.wake();
    },
    once: (request, work) => requests.once(request, work),
    watchPlaces: (freed) => house.scheduler.subscribe(freed),
    load: () => house.scheduler.load(),
    async drain(graceMs) {
      const endsAt = house.clock.elapsed() + graceMs;
      await house.scheduler.drain(graceMs);
      await outbox.drain(Math.max(0, endsAt - house.clock.elapsed()));
    },
    async [Symbol.asyncDispose]() {
      await recovery.close();
      for (const run of runs) run.stop("closing");
      sweeper[Symbol.dispose]();
      house.previews[Symbol.dispose]();
      await outbox[Symbol.asyncDispose]();
    },
  };
}

const noRoom = { reserved: false, because: "laneFull" } as const;
