import { lazily, pause } from "#base";
import type { AccountOptions, Connection } from "../channel.ts";
import { growByEditing } from "../grow-by-editing.ts";
import { Menu } from "../menu.ts";
import type { TelegramAccount } from "../telegram.ts";
import { Bot } from "./bot.ts";
import { CallFailed } from "./failure.ts";
import { fetchFile } from "./files.ts";
import { Hook, type HookSettings } from "./hook.ts";
import { Intake } from "./intake.ts";
import { Line } from "./line.ts";
import type { Me } from "./mention.ts";
import { writeMenu } from "./menu.ts";
import { Moves } from "./moves.ts";
import { Offset } from "./offset.ts";
import { Outlet } from "./outlet.ts";
import { Poller } from "./poller.ts";

/** For what is being put on disk when the line is closed. */
const closingMs = 5_000;

export async function openTelegram(options: AccountOptions<TelegramAccount>): Promise<Connection> {
  const { account, clock, log, notes, settings } = options;
  const bot = new Bot(checkedToken(settings), checkedRoot(settings));
  const hookSettings = settings.mode === "webhook" ? checkedHook(settings) : undefined;
  const stop = new AbortController();
  const { signal } = stop;
  const line = new Line({ changed: () => options.changed(), log });
  const moves = new Moves(notes);
  const outlet = new Outlet({ bot, moves, log });

  const meet = lazily(async () => {
    const me = await whoAmI(bot, signal);
    const view = {
      account,
      me,
      fetchFile: (file: Parameters<typeof fetchFile>[1], mostBytes: number, within: AbortSignal) =>
        fetchFile(bot, file, { mostBytes, signal: within }),
      now: () => clock.now(),
    };
    return { me, intake: new Intake({ bot, view, moves, receive: (update) => options.receive(update), log, signal }) };
  });
  const held = new AsyncDisposableStack();
  const poller = lazily(async () => {
    const { intake, me } = await meet();
    const offset = held.use(await Offset.read({ notes, clock, log, bot: me.id }));
    return new Poller({ bot, intake, line, offset, signal });
  });
  const hook = hookSettings && new Hook({ bot, settings: hookSettings, line, log, signal });
  const menu = new Menu({
    commands: options.commands,
    notes,
    log,
    owner: async () => String((await meet()).me.id),
    write: (commands, within) => writeMenu(bot, commands, within),
  });
  const step = async () => {
    const { intake } = await meet();
    menu.begin(signal); // not before Telegram knows us: a wrong token is tried in one place
    return hook ? hook.step(intake) : (await poller()).step();
  };
  const kept = line.keep(step, signal);

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
    send: (message, within) => outlet.send(message, within),
    grow: (growth, within) => growByEditing(outlet, growth, within),
    edit: (message, text, within) => outlet.edit(message, text, within),
    delete: (message, within) => outlet.delete(message, within),
    react: (message, reaction, within) => outlet.react(message, reaction, within),
    typing: (to, within) => outlet.typing(to, within),
    draft: (...[to, id, text, within]) => outlet.draft(to, { id, text }, within),
    ...(hook ? { take: (request) => hook.take(request) } : {}),
    probe: async (within) => {
      const me = await whoAmI(bot, within);
      return { name: `@${me.username}`, id: String(me.id) };
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      const patience = new AbortController();
      const closed = kept.then(() => held.disposeAsync());
      await Promise.race([closed, pause(closingMs, patience.signal).catch(() => undefined)]);
      patience.abort();
    },
  };
}

async function whoAmI(bot: Bot, signal: AbortSignal): Promise<Me> {
  const { id, username } = await bot.call((api, within) => api.getMe(within), signal);
  if (!Number.isSafeInteger(id) || typeof username !== "string") {
    throw new CallFailed({ kind: "unknown", says: "it does not say who the bot is" });
  }
  return { id, username };
}

/** The token becomes part of an address, so nothing else may hide in it. */
function checkedToken({ token }: TelegramAccount): TelegramAccount["token"] {
  if (/^\d+:[\w-]+$/.test(token.reveal().trim())) return token;
  throw new Error("The token is none of Telegram's, which look like 123456789:AAbbCC….");
}

function checkedRoot({ apiRoot }: TelegramAccount): string {
  if (URL.canParse(apiRoot)) return apiRoot;
  throw new Error("api_root is no address.");
}

/** Without a secret, anybody could call us in Telegram's name. */
function checkedHook({ webhookSecret: secret, webhookUrl: url }: TelegramAccount): HookSettings {
  if (!secret || !/^[\w-]{1,256}$/.test(secret.reveal())) {
    throw new Error("webhook_secret is needed for webhooks: 1 to 256 letters, digits, _ and -.");
  }
  if (url === undefined || !URL.canParse(url))
    throw new Error("webhook_url is needed for webhooks: where Telegram calls us.");
  return { url, secret };
}
