import { FakeDiscord } from "../../support/fake-discord.ts";
import { type Crowd, openTo, pick, type Shown, type Spot, type Square, type Streaming } from "./square.ts";

/** Discord by its gateway: the session is resumed after each death, and brings again what was not taken. */
export class DiscordSquare implements Square {
  readonly platform = "discord";
  readonly fake: FakeDiscord;
  readonly spots: readonly Spot[];
  readonly #mentionOnly: string;
  readonly #streaming: Streaming;
  readonly #users: ReadonlyMap<number, ReturnType<FakeDiscord["guild"]["join"]>>;

  private constructor(fake: FakeDiscord, { people, streaming }: Crowd) {
    const { guild } = fake;
    this.#streaming = streaming;
    this.fake = fake;
    this.#users = new Map(people.map((person) => [person, guild.join(`p${person}`)]));
    this.#mentionOnly = guild.open("text", "quiet");
    const open = guild.open("text", "general");
    const rooms = [open, guild.thread(open, "a thread"), this.#mentionOnly].map((id) => this.#spot(id));
    this.spots = [...people.map((person) => this.#spot(guild.open("direct", ""), person)), ...rooms];
  }

  static async open(crowd: Crowd): Promise<DiscordSquare> {
    return new DiscordSquare(await FakeDiscord.open(), crowd);
  }

  get config(): string {
    const account = `[channels.discord]\ntoken = "${this.fake.token}"\napi_base = "${this.fake.apiBase}"`;
    return `${account}\n${openTo("discord", "guilds", { mentionOnly: [this.#mentionOnly], streaming: this.#streaming })}`;
  }

  get isHeard(): boolean {
    return this.fake.gateway.isConnected;
  }

  /** What a session has is played again until it is taken. */
  get isQuiet(): boolean {
    return this.isHeard;
  }

  shown(): readonly Shown[] {
    return [...this.fake.guild.messages.values()]
      .flat()
      .filter(({ author }) => author.id === this.fake.guild.bot.id)
      .map(({ channel_id: spot, content: text, id }) => ({ spot, id, text }));
  }

  glimpses(): readonly Omit<Shown, "id">[] {
    return this.fake.api.calls.flatMap(({ body, method, path }) => {
      const spot = /^\/channels\/(\d+)\/messages\/\d+$/.exec(path)?.[1];
      return method !== "PATCH" || spot === undefined ? [] : [{ spot, text: String(body["content"]) }];
    });
  }

  disturb(): void {
    this.fake.api.fail(/^POST .*\/messages$/, pick(["brokenAfter", "brokenBefore", { status: 502 }, limited] as const));
    if (this.#streaming !== "off")
      this.fake.api.fail(/^PATCH /, pick(["brokenAfter", "brokenBefore", limited] as const));
    if (Math.random() < 0.3) this.fake.gateway.askToReconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fake[Symbol.asyncDispose]();
  }

  #spot(name: string, person?: number): Spot {
    return {
      platform: this.platform,
      name,
      kind: person === undefined ? "group" : "direct",
      needsMention: name === this.#mentionOnly,
      say: (speaker, text, isMention) => {
        const user = this.#users.get(person ?? speaker);
        if (!user) throw new Error(`${speaker} is not on Discord`);
        this.fake.say(name, user, isMention ? `<@${this.fake.guild.bot.id}> ${text}` : text);
        return () => true;
      },
    };
  }
}

const limited = { status: 429, headers: { "retry-after": "1" }, body: { message: "limited", retry_after: 0.2 } };
