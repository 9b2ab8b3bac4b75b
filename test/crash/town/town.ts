import { type Canary, newCanary } from "./canary.ts";
import { DiscordSquare } from "./discord-square.ts";
import { type Crowd, pick, type Spot, type Square, type Streaming } from "./square.ts";
import { SlackSquare } from "./slack-square.ts";
import { TelegramSquare } from "./telegram-square.ts";

type PlatformName = "telegram" | "discord" | "slack";

/** People on platforms, and everything that they said. */
export class Town implements AsyncDisposable {
  readonly squares: readonly Square[];
  readonly telegram: TelegramSquare | undefined;
  readonly canaries: Canary[] = [];
  readonly #people: number;

  private constructor(squares: readonly Square[], people: number) {
    this.squares = squares;
    this.telegram = squares.find((square) => square instanceof TelegramSquare);
    this.#people = people;
  }

  /** So many people, spread over the platforms; each has a direct chat there, and all share a few groups and threads. */
  static async open(platforms: readonly PlatformName[], people: number, streaming: Streaming = "off"): Promise<Town> {
    const everybody = Array.from({ length: people }, (_, person) => person);
    await using opened = new AsyncDisposableStack();
    const squares: Square[] = [];
    for (const [at, platform] of platforms.entries()) {
      const here = everybody.filter((person) => person % platforms.length === at);
      const square = opened.use(await makers[platform]({ people: here, streaming }));
      squares.push(square);
    }
    opened.move();
    return new Town(squares, people);
  }

  get config(): string {
    return this.squares.map(({ config }) => config).join("\n");
  }

  get isHeard(): boolean {
    return this.squares.every(({ isHeard }) => isHeard);
  }

  get isQuiet(): boolean {
    return this.squares.every(({ isQuiet }) => isQuiet);
  }

  /** So many people say something, everywhere. */
  speak(times: number): void {
    for (let i = 0; i < times; i++) {
      const at = Math.floor(Math.random() * this.#people);
      const square = this.squares[at % this.squares.length];
      if (square) this.say(this.#spotOf(square, at), at);
    }
  }

  say(spot: Spot, speaker: number): void {
    const nth = this.canaries.length;
    const word = newCanary(nth);
    const isMention = spot.needsMention && Math.random() < 0.5;
    const isForUs = !spot.needsMention || isMention;
    const isTaken = spot.say(speaker, `${Math.random() < 0.1 ? "do" : "say"} ${word}`, isMention);
    this.canaries.push({ word, spot, isForUs, nth, isTaken });
  }

  disturb(): void {
    for (const square of this.squares) square.disturb();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const square of this.squares) await square[Symbol.asyncDispose]();
  }

  /** Their own chat mostly, else a group. */
  #spotOf(square: Square, person: number): Spot {
    const direct = square.spots.filter(({ kind }) => kind === "direct");
    const groups = square.spots.filter(({ kind }) => kind === "group");
    const own = direct[Math.floor(person / this.squares.length)];
    return own === undefined || Math.random() < 0.3 ? pick(groups) : own;
  }
}

const makers: Readonly<Record<PlatformName, (crowd: Crowd) => Promise<Square>>> = {
  telegram: async (crowd) => new TelegramSquare(crowd),
  discord: (crowd) => DiscordSquare.open(crowd),
  slack: async (crowd) => new SlackSquare(crowd),
};
