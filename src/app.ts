import {
  createLog,
  describeError,
  failPoint,
  lazily,
  type Log,
  type Secret,
  openLogFile,
  sayingOf,
  systemClock,
  tailLog,
} from "#base";
import { type Channel, channels } from "#channels";
import { type Config, type Home, openConfig, prepareHome, readOrMakeDeviceKey } from "#config";
import { createGateway, createInbound, type Gateway, type Inbound, labelIn } from "#gateway";
import { openServer } from "#http";
import { createModels } from "#providers";
import { type AuthMode, createRpc, menuCommands, type Services } from "#rpc";
import { createScheduler } from "#scheduler";
import { createSessions, parseSessionKey, type Sessions, transcriptRow } from "#sessions";
import { acquireLock, openStorage, readStorageUrl, type Storage, type StoragePlace } from "#storage";
import { createHealth, createMemoryKeeper } from "#telemetry";
import { tools } from "#tools";
import { type Address, fault } from "#protocol";
import { statSync } from "node:fs";
import { join } from "node:path";
import { createHearing } from "./hearing.ts";
import { nodeAccess } from "./node-access.ts";
import { checkSettings } from "./check-settings.ts";
import { doorKey } from "./door-key.ts";
import { type OpenAgents, openAgents } from "./open-agents.ts";
import { type OpenChannels, openChannels } from "./open-channels.ts";
import { Settings, settingsWith } from "./settings.ts";
import { Strays } from "./strays.ts";
import { whenBusy } from "./when-busy.ts";

export interface AppOptions {
  readonly home: Home;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By dotted path; stronger than the file, weaker than the environment. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Another settings file than the one in the home. */
  readonly file?: string | undefined;
  readonly version: string;
  /** Beside those that are built in. */
  readonly channels?: readonly Channel[];
  /** Called once, when it turns out to serve a crowd. */
  readonly onBusy?: () => void;
}

/** A running gateway. Disposing of it waits for the turns that run, as long as `runtime.drainSeconds` says. */
export interface App extends AsyncDisposable {
  readonly url: URL;
  /** Where clients find the token; undefined when the settings bring their own, or nobody is asked. */
  readonly tokenFile?: string;
  readonly isNewToken: boolean;
  /** Nobody is asked for a token. */
  readonly isOpen: boolean;
  readonly authMode: AuthMode;
  /** The file of the settings, which need not be there. */
  readonly settingsFile: string;
  /** `provider/model` of what answers. */
  readonly model: string;
  /** For the person who started it. */
  readonly warnings: readonly string[];
  /** Reads the settings file again; what is wrong with it leaves all as it was. Never throws. */
  reload(): Reloaded;
  /** Where channels that were added bring what people write. */
  receive: Gateway["receive"];
  /** Takes errors that nobody waits for. */
  readonly strayed: (error: unknown) => void;
}

export type Reloaded =
  | { readonly isTaken: true; readonly changed: readonly string[] }
  | { readonly isTaken: false; readonly problem: string };

/** A home has one gateway, which the lock sees to. */
const instanceId = "gateway";

/**
 * Opens everything in order; what was opened is closed backwards, also when a later step fails. Throws `configInvalid`,
 * `alreadyRunning` or `cannotListen`, each with a sentence for a person.
 */
export async function openApp({ home, environment, flags, file, version, ...more }: AppOptions): Promise<App> {
  const available = more.channels ? [...channels, ...more.channels] : channels;
  await using opened = new AsyncDisposableStack();
  const config = openConfig({
    schema: available === channels ? Settings : settingsWith(available),
    home,
    environment,
    flags,
    file,
    check: (changed) => checkSettings(changed, { home, environment }, available).problems,
  });
  const { settings } = config;
  const { problems, warnings } = checkSettings(config, { home, environment }, available);
  if (problems.length > 0) throw fault.configInvalid({ problem: problems.join("\n") });
  const homeWarnings = prepareHome(home);
  failPoint("app.home.prepared");
  opened.adopt(hold(home), (lock) => lock.release());

  const logFile = opened.use(openLogFile(home.logFile));
  const log = createLog({ level: settings.logging.level, write: (line) => logFile.write(line) });
  const strays = new Strays(log);
  const key = doorKey(config, home);

  const clock = systemClock;
  const place = storagePlace(settings);
  const storage = opened.use(await openStorage({ place, databasePath: home.database, log, clock }));
  const cacheBytes = settings.session.cacheMegabytes * 1024 * 1024;
  const sessions = opened.use(createSessions({ storage, log, clock, cacheBytes }));
  const memory = opened.use(createMemoryKeeper());
  opened.defer(sessions.subscribe((notice) => notice.type === "appended" && memory.worked(notice.events.length)));

  if (more.onBusy) opened.use(whenBusy(sessions, clock, more.onBusy));

  const models = createModels({
    settings: () => config.settings.models,
    primary: () => config.settings.agents.defaults.model.primary,
    log,
  });
  const agents: OpenAgents = opened.use(
    await openAgents({
      home,
      environment,
      settings: () => config.settings,
      toolsSettings: settings.tools,
      sandboxSettings: settings.sandbox,
      tools,
      nodes: nodeAccess(() => rpc.nodes),
      files: {
        send: (runId, sent) => gateway.sendFile(runId, sent),
        open: (runId, blob) => gateway.openFile(runId, blob),
      },
      models,
      log,
    }),
  );

  const { workerConcurrency: running, maxQueue: waiting, sessionQueue: perLane, drainSeconds } = settings.runtime;
  const scheduler = opened.use(
    createScheduler({ running, waiting, perLane }, (error) =>
      log.error("a turn broke in a way it could not record", { error: describeError(error) }),
    ),
  );
  const lineUp: OpenChannels = opened.use(
    await openChannels({
      available,
      config,
      storage,
      take: (update, line) => inbound.take(update, line),
      commands: menuCommands,
      lease: async (account) => (await import("./account-lease.ts")).takeLease(account, { home, environment }),
      log,
      clock,
    }),
  );
  const gateway = opened.use(
    createGateway(
      {
        instanceId,
        sessions,
        storage,
        scheduler,
        lines: lineUp.lines,
        prepareTurn: agents.prepareTurn,
        labelOf: (agentId, to) => labelIn(config.settings, agentId, to),
        priceOf: (provider, model) => models.price(provider, model),
        retention: () => config.settings.storage.retention,
        sweepBesides: async () => {
          const { sweepLogs } = await import("./sweep-logs.ts");
          sweepLogs(home.logFile, config.settings.storage.retention.logsDays, clock.now());
        },
        log,
        clock,
      },
      (to) => sessionKeyOf(to, agents.roster().main.id),
    ),
  );

  const inbound = opened.use(
    createInbound(
      { storage, sessions, lines: lineUp.lines, log, clock },
      {
        gateway,
        get agentId() {
          return agents.roster().main.id;
        },
        settings: () => config.settings,
        command: (asked) => rpc.command(asked),
        hearing: createHearing({
          settings: () => config.settings.tools.media.audio,
          models: () => config.settings.models,
          log,
        }),
        readCredential: (name) => readIfThere(join(home.root, "credentials", name)),
      },
    ),
  );

  const health = lineUp.watchedBy(
    createHealth({
      gateway: async () => strays.health(),
      storage: () => storageHealth(storage, () => sizeWarning(home, config.settings)),
      sessions: async () => sessionsHealth(sessions),
      inbound: async () => inboundHealth(inbound),
    }),
  );
  const startedAt = clock.now();
  const services: Services = {
    version,
    get agentId() {
      return agents.roster().main.id;
    },
    agents: () => agents.rows(),
    gateway,
    sessions,
    inbound,
    config,
    devices: lazily(async () => {
      const { createDevices } = await import("#devices");
      return createDevices({
        storage,
        key: () => deviceKey(home, log),
        autoApproveLocal: () => config.settings.gateway.nodes.pairing.autoApproveLocal,
        clock,
        log,
      });
    }),
    entrance: () => ({ url: server.url.href.replace(/^http/, "ws"), auth: key.auth.mode }),
    models: () => models.list(),
    modelProviders: () => models.providers(),
    channels: () => lineUp.rows(),
    accounts: lineUp.accounts,
    health: () => health.report(),
    status: async () => ({
      version,
      pid: process.pid,
      startedAt,
      uptimeMs: clock.now() - startedAt,
      model: agents.modelOf(agents.roster().main) ?? "none",
      sandbox: await agents.sandboxStatus(),
      storage: { backend: storage.backend, ...(await storage.health()) },
      ...damageIn(sessions),
      turns: gateway.load(),
      memory: { rssBytes: process.memoryUsage.rss() },
    }),
    tailLog: (wanted) => tailLog(home.logFile, wanted),
    tools: (agentId) => agents.toolsOf(agentId ?? agents.roster().main.id),
    parseSessionKey: (text, agentId = agents.roster().main.id) => parseSessionKey(text, { agentId }),
    transcriptRow,
  };
  const rpc = createRpc({ services, auth: key.auth, log, clock });
  const server = opened.use(
    await openServer({ settings: settings.gateway, rpc, health, version, log, webhooks: { find: lineUp.taker } }),
  );
  failPoint("app.server.open");
  opened.use(rpc); // closed before the server, so that clients hear why
  opened.defer(() => gateway.drain(drainSeconds * 1_000));
  await inbound.prepare();
  await gateway.recover(); // last, because a start that fails must not have worked on anything
  await inbound.recover(); // after what had a turn already
  opened.defer(() => lineUp.accounts.quiesce()); // what platforms still have, they keep for the next start
  lineUp.begin();
  failPoint("app.ready");
  const model = agents.modelOf(agents.roster().main) ?? "none";
  log.info("the gateway is ready", { url: server.url.href, version, model });

  const held = opened.move();
  return {
    url: server.url,
    ...(key.file !== undefined && { tokenFile: key.file }),
    isNewToken: key.isNew,
    isOpen: key.auth.mode === "none",
    authMode: key.auth.mode,
    settingsFile: config.file,
    model,
    reload: () => reload(config, log),
    receive: (message) => gateway.receive(message),
    strayed: strays.take,
    warnings: [...config.warnings, ...warnings, ...homeWarnings, ...key.warnings],
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function reload(config: Config<unknown>, log: Log): Reloaded {
  try {
    const { changed, restartRequired } = config.reload();
    log.info("the settings were read again", { changed, restartRequired });
    return { isTaken: true, changed };
  } catch (error) {
    log.error("the settings could not be read again and stay as they were", { error });
    return { isTaken: false, problem: sayingOf(error, String(error)) };
  }
}

/** The settings were checked before. */
function storagePlace({ storage }: Settings): StoragePlace {
  const read = readStorageUrl(storage.url);
  if (!read.ok) throw fault.configInvalid({ problem: `storage.url: ${read.because}.` });
  return read.place;
}

async function readIfThere(path: string): Promise<string | undefined> {
  const file = Bun.file(path);
  return (await file.exists()) ? file.text() : undefined;
}

function deviceKey(home: Home, log: Log): Secret {
  const { key, warnings } = readOrMakeDeviceKey(home);
  for (const warning of warnings) log.warn(warning);
  return key;
}

/** One gateway a home: a second one would answer the same messages again. */
function hold(home: Home) {
  const lock = acquireLock(home.lock);
  if (lock.held) return lock;
  throw fault.alreadyRunning({
    home: home.root,
    pid: lock.pid ?? "unknown",
    advice: "let OPENCLAW_HOME name another folder",
  });
}

/** Messages to a chat of the web are kept where that chat's session key says, others in a session of their own. */
function sessionKeyOf({ channel, account, chat }: Address, agentId: string): string {
  const text = channel === "webchat" ? chat : `agent:${agentId}:${channel}:${account ?? "default"}:direct:${chat}`;
  const parsed = parseSessionKey(text, { agentId });
  if (parsed.ok) return parsed.key;
  throw fault.invalidParams({ path: "chat_id", problem: parsed.because });
}

async function storageHealth(storage: Storage, warning: () => string | undefined) {
  const { ok, problem, warning: damage } = await storage.health();
  if (!ok) return { state: "unhealthy" as const, because: problem ?? "unknown" };
  const because = damage ?? (storage.backend === "sqlite" ? warning() : undefined);
  return because === undefined ? { state: "healthy" as const } : { state: "degraded" as const, because };
}

function sizeWarning(home: Home, { storage }: Settings): string | undefined {
  const most = storage.retention.databaseMegabytes;
  const megabytes = (statSync(home.database, { throwIfNoEntry: false })?.size ?? 0) / 1_048_576;
  if (most === 0 || megabytes < most) return undefined;
  return `the database has ${Math.floor(megabytes)} MB, more than storage.retention.databaseMegabytes says`;
}

function damageIn(sessions: Sessions) {
  const damaged = sessions.damaged().map(({ key, seq }) => ({ key, seq }));
  return damaged.length === 0 ? {} : { damaged };
}

function sessionsHealth(sessions: Sessions) {
  const damaged = sessions.damaged();
  if (damaged.length === 0) return { state: "healthy" as const };
  const shown = damaged.slice(0, 10).map(({ key, seq }) => `${key} (at seq ${seq})`);
  const more = damaged.length > shown.length ? `, and ${damaged.length - shown.length} more` : "";
  return { state: "degraded" as const, because: `damaged logs: ${shown.join(", ")}${more}` };
}

/** What waits in memory is the daily business of a house; what has no place there any more is not. */
function inboundHealth(inbound: Pick<Inbound, "backlog">) {
  const { messages, isFull } = inbound.backlog();
  if (messages === 0 && !isFull) return { state: "healthy" as const };
  const more = isFull ? "; that is as many as are kept, and others were sent away" : "";
  return { state: "degraded" as const, because: `${messages} messages wait on disk for a turn${more}` };
}
