import type { Secret } from "#base";
import type { Config, ConfigPlace, Home, Tolerance } from "#config";

/** What a command may touch, given to it by `main.ts`: the terminal, the installation, and the gateway to run. */
export interface CliContext extends Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: Home;
  /** The words that call this program from a terminal: `openclaw`, `npm run -s openclaw --`. */
  readonly calledAs: string;
  readonly version: VersionInfo;
  /** All settings, for those who look at them or change them; rejects with `configInvalid`. */
  openConfig(options: OpenConfigOptions): Promise<Config<unknown>>;
  /** Where the settings are, right or wrong. */
  locateConfig(file: string | undefined): Promise<ConfigPlace>;
  /** Would the gateway start with the settings, here and now? */
  checkConfig(file: string | undefined): Promise<ConfigCheck>;
  /** The little that a client needs to be right; the rest of the settings is the gateway's business. */
  readClientSettings(file: string | undefined): Promise<ClientSettings>;
  /** The token that the gateway made on its first run; undefined when there is none yet. */
  readToken(): Promise<Secret | undefined>;
  /** Starts the gateway and returns its exit code once it has stopped, which `signal` asks it to do. */
  runGateway(options: ConfigOptions): Promise<number>;
  /** The storage of the settings, while no gateway runs (`copyTo`) or also then (`count`). */
  readonly storage: StorageCommands;
  readonly channels: ChannelCommands;
  readonly backups: BackupCommands;
}

type Progress = (progress: { readonly step: string; readonly done: number; readonly of: number }) => Promise<void>;

export interface BackupCommands {
  /** Also while a gateway writes. Rejects with `backupUnusable` when the file is there already. */
  create(options: {
    readonly file: string;
    readonly withSecrets: boolean;
    /** Another settings file than the one in the home. */
    readonly settingsFile: string | undefined;
    onProgress: Progress;
  }): Promise<CreatedBackup>;
  /** Rejects with `backupUnusable`, which says what is wrong. */
  verify(options: { readonly file: string; onProgress: Progress }): Promise<CheckedBackup>;
  /** Rejects with `alreadyRunning`, `homeNotEmpty` or `backupUnusable`; then the home is as it was. */
  restore(options: {
    readonly file: string;
    readonly replaces: boolean;
    onProgress: Progress;
  }): Promise<RestoredBackup>;
}

export interface CreatedBackup {
  readonly file: string;
  readonly bytes: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly entries: readonly string[];
  readonly warnings: readonly string[];
}

export interface CheckedBackup {
  readonly createdAt: string;
  readonly version: string;
  readonly hasSecrets: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly entries: readonly string[];
  readonly warnings: readonly string[];
}

export interface RestoredBackup {
  readonly home: string;
  readonly restored: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Where what was there before lies now. */
  readonly aside?: string;
}

export interface ChannelCommands {
  /** Those with something to set. */
  available(): Promise<readonly ChannelInfo[]>;
  /** What each channel can do. */
  capabilities(): Promise<readonly ChannelCapabilities[]>;
  /** The accounts of the settings, right or wrong. */
  configured(file: string | undefined): Promise<readonly ConfiguredInfo[]>;
}

export interface ChannelInfo {
  readonly id: string;
  readonly label: string;
  readonly secrets: readonly SecretInfo[];
  /** Those that an account with these settings cannot do without. */
  neededWith(settings: Readonly<Record<string, unknown>>): readonly string[];
}

export interface ChannelCapabilities {
  readonly id: string;
  readonly label: string;
  /** It has accounts in the settings, each with a token. */
  readonly hasAccounts: boolean;
  /** How much fits into one message. */
  readonly longestText: string;
  readonly abilities: readonly string[];
}

/** A secret of an account, as the file spells it. */
export interface SecretInfo {
  readonly name: string;
  readonly description: string;
}

export interface ConfiguredInfo {
  readonly channel: string;
  readonly account: string;
  readonly isEnabled: boolean;
  /** Its secrets that it cannot do without, and those that it lacks. */
  readonly needs: readonly string[];
  /** Why it cannot be opened. */
  readonly problem?: string;
}

export interface StorageCommands {
  /** Copies everything into another storage, which must be empty; the settings stay as they are. */
  copyTo(url: Secret, options: StorageCopyOptions): Promise<StorageCopy>;
  count(file: string | undefined): Promise<StorageCount>;
  /** Looks for damage, also while a gateway writes. */
  inspect(options: StorageInspectOptions): Promise<StorageInspection>;
}

export interface StorageInspectOptions {
  /** Another settings file than the one in the home. */
  readonly file: string | undefined;
  onProgress: Progress;
}

/** `found` counts all findings; the list ends where it would be too long to be read. */
export interface StorageInspection {
  readonly where: string;
  readonly found: number;
  readonly findings: readonly StorageFinding[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface StorageFinding {
  readonly where: string;
  readonly problem: string;
  readonly key?: string;
  readonly sessionId?: string;
  /** The first event of its session that cannot be believed. */
  readonly seq?: number;
}

export interface StorageCopyOptions {
  /** Another settings file than the one in the home. */
  readonly file: string | undefined;
  onProgress(progress: StorageProgress): Promise<void>;
}

export interface StorageProgress {
  readonly step: "copied" | "verified";
  readonly table: string;
  readonly rows: number;
  readonly of: number;
}

/** `where` is a URL without its user and password. */
export interface StorageCount {
  readonly backend: string;
  readonly where: string;
  readonly rows: Readonly<Record<string, number>>;
}

export interface StorageCopy {
  readonly from: string;
  readonly to: string;
  readonly rows: Readonly<Record<string, number>>;
}

export interface OpenConfigOptions {
  /** Another file than the one in the home. */
  readonly file: string | undefined;
  readonly tolerates: Tolerance;
  /** A change is refused with which the gateway would not start, though it would have before. */
  readonly isStrict?: boolean;
}

export interface ConfigCheck {
  readonly file: string;
  /** Why not; empty when it would. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export interface ConfigOptions {
  /** Dotted paths with the text that was typed. */
  readonly flags: Readonly<Record<string, string>>;
  /** Another file than the one in the home. */
  readonly file?: string;
}

/** The part of the settings that a client of the gateway reads. */
export interface ClientSettings {
  readonly gateway: {
    readonly port: number;
    readonly bind: string;
    readonly auth: { readonly mode: string; readonly token?: Secret; readonly password?: Secret };
  };
}

export interface VersionInfo {
  readonly version: string;
  /** Of the source it was built from; absent when it runs from source. */
  readonly commit?: string;
  /** By protocol name: the versions that are spoken. */
  readonly protocols: Readonly<Record<string, string>>;
  /** By name of what is stored: the version of its form. */
  schemas(): Promise<Readonly<Record<string, number>>>;
}

export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  /** Aborts, with an `Interrupted` as its reason, when the person or the system wants the command to end. */
  readonly signal: AbortSignal;
  /** Until disposed, Ctrl-C calls `listener` instead of aborting `signal`. */
  takeInterrupts(listener: () => void): Disposable;
  /**
   * Until disposed, SIGHUP calls `listener` where no terminal is behind it: there it is how one asks a service to read its
   * settings again. From a terminal it says that the terminal was closed, and aborts `signal`.
   */
  takeHangups(listener: () => void): Disposable;
  openEditor(options: EditorOptions): Promise<LineEditor>;
}

export interface Output {
  readonly isTty: boolean;
  /** Resolves when the text has left; rejects with the code `EPIPE` when nobody reads any more. */
  write(text: string): Promise<void>;
}

export interface Input {
  readonly isTty: boolean;
  /** All of it, up to its end; rejects with `inputTooLarge` above `mostBytes`. */
  readAll(mostBytes: number): Promise<string>;
}

export interface EditorOptions {
  onInterrupt(): void;
  /** A line that was finished while nobody asked. True when it was dealt with; otherwise it answers the next question. */
  onEarlyLine(line: string): boolean;
}

/** Asks a person for lines. It writes to stderr, so that stdout holds answers alone. */
export interface LineEditor extends Disposable {
  /** The next line; undefined when there will be none. */
  ask(prompt: string): Promise<string | undefined>;
  /** The same, without showing what is typed. */
  askSecret(prompt: string): Promise<string | undefined>;
  /** Forgets what was typed so far, and asks again. */
  restart(): void;
}

/** Why a command was ended from outside. The exit code is 128 and the signal's number, as shells have it. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  constructor(by: "SIGINT" | "SIGTERM" | "SIGHUP") {
    super(`ended by ${by}`);
    this.exitCode = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[by];
  }
}
