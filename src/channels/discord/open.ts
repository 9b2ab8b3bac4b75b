import type { Secret } from "#base";
import { fault } from "#protocol";
import type { AccountOptions, Connection } from "../channel.ts";
import { growByEditing } from "../grow-by-editing.ts";
import { Menu } from "../menu.ts";
import { fileHosts } from "./attachment.ts";
import { CatchUp } from "./catch-up.ts";
import { Intake } from "./intake.ts";
import { Lanes } from "./lanes.ts";
import { Line } from "./line.ts";
import { Memory, readNote } from "./memory.ts";
import { writeMenu } from "./menu.ts";
import { outgoing } from "./outgoing.ts";
import { Places } from "./places.ts";
import { createRest } from "./rest.ts";
import { Tickets } from "./tickets.ts";

/** With more than this waiting, the socket is let go; Discord keeps the rest until there is room again. */
const mostWaiting = 1_000;
const roomAgain = 200;
const closeMs = 2_000;

export interface DiscordSettings {
  readonly token: Secret;
  readonly apiBase: string;
}

export async function openDiscord(options: AccountOptions<DiscordSettings>): Promise<Connection> {
  const { account, settings, notes, log, clock } = options;
  const apiBase = checkBase(account, settings.apiBase);
  const token = settings.token.reveal().trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw impossible(account, "token has characters that no token has");

  const closing = new AbortController();
  const { signal } = closing;
  const rest = createRest({ apiBase, token });
  const note = await readNote(notes, log);
  const places = new Places({ rest, account, signal, clock });
  const lanes = new Lanes({ signal, log });
  const tickets = new Tickets({ rest, clock, log, signal });
  const catchUp = new CatchUp({ rest, places, log, signal });
  const memory: Memory = new Memory({ notes, log, note, readSession: () => line.session });
  const intake = new Intake({
    receive: (update) => options.receive(update),
    rest,
    memory,
    lanes,
    places,
    tickets,
    catchUp,
    hosts: fileHosts(apiBase),
    sessionId: () => line.session?.id ?? "",
    clock,
    log,
  });
  const menu = new Menu({
    commands: options.commands,
    notes,
    log,
    owner: async () => (await memory.whoWeAre).applicationId,
    write: async (commands, within) => {
      const { applicationId: application } = await memory.whoWeAre;
      return writeMenu({ rest, application }, commands, within);
    },
  });
  const line: Line = new Line({
    rest,
    token,
    // Without knowing who we are, our own messages would look like somebody's.
    session: note.self && note.session,
    onEvent: (event, done) => {
      intake.take(event, () => {
        done();
        if (lanes.waiting <= roomAgain) line.resume();
      });
      if (lanes.waiting >= mostWaiting) void line.hold();
    },
    changed: () => {
      if (line.state === "online") menu.begin(signal);
      options.changed();
    },
    clock,
    log,
  });
  const started = line.start().catch((error: unknown) => {
    log.error("Discord's line broke", { error });
  });

  const ways = outgoing({ rest, tickets });
  return {
    get state() {
      return line.state;
    },
    get problem() {
      return line.problem;
    },
    get warning() {
      return menu.warning;
    },
    ...ways,
    grow: (step, within) => growByEditing(ways, step, within),
    async [Symbol.asyncDispose]() {
      closing.abort();
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
      await line.close();
      await Promise.race([Promise.all([lanes.settled(), started]), Bun.sleep(closeMs)]);
      await memory.close();
    },
  };
}

function checkBase(account: string, base: string): string {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  const isLocal = url?.hostname === "127.0.0.1" || url?.hostname === "localhost" || url?.hostname === "[::1]";
  if (url?.protocol !== "https:" && !(isLocal && url?.protocol === "http:")) {
    throw impossible(account, "api_base must be an https:// address");
  }
  return base.replace(/\/+$/, "");
}

function impossible(account: string, problem: string): Error {
  return fault.configInvalid({ problem: `channels.discord.accounts.${account}: ${problem}.` });
}
