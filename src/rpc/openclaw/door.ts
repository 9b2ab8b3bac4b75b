import type { Fault } from "#protocol";
import type { Dialect, Speaker } from "../dialect.ts";
import type { WireEvent } from "../wire-events.ts";
import { farewell } from "./challenge.ts";
import type { OpenClaw, OpenClawOptions } from "./openclaw.ts";

/** Where the clients of this dialect come in. What lies behind it is loaded for the first of them: most gateways have none. */
export class OpenClawDoor {
  readonly #options: OpenClawOptions;
  #loading: Promise<OpenClaw> | undefined;
  #inside: OpenClaw | undefined;
  #isClosed = false;

  constructor(options: OpenClawOptions) {
    this.#options = options;
  }

  dialogue(speaker: Speaker): Dialect {
    return this.#inside?.dialogue(speaker) ?? new Arrival(speaker, this);
  }

  take(event: WireEvent): void {
    this.#inside?.take(event);
  }

  shutOut(...device: Parameters<OpenClaw["shutOut"]>): void {
    this.#inside?.shutOut(...device);
  }

  /** From here on every call is refused. */
  close(): void {
    this.#isClosed = true;
    this.#inside?.close();
  }

  open(): Promise<OpenClaw> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<OpenClaw> {
    const { OpenClaw: Inside } = await import("./openclaw.ts");
    this.#inside = new Inside(this.#options);
    if (this.#isClosed) this.#inside.close();
    return this.#inside;
  }
}

/** A client that came before what it needs was loaded: its first frame is on its way to a dialogue. */
class Arrival implements Dialect {
  readonly name = "openclaw";
  readonly farewell = farewell;
  readonly #speaker: Speaker;
  readonly #door: OpenClawDoor;
  #dialogue: Dialect | undefined;

  constructor(speaker: Speaker, door: OpenClawDoor) {
    this.#speaker = speaker;
    this.#door = door;
  }

  get isGreeted(): boolean {
    return this.#dialogue?.isGreeted ?? false;
  }

  async answer(text: string): Promise<string | undefined> {
    this.#dialogue ??= (await this.#door.open()).dialogue(this.#speaker);
    return this.#dialogue.answer(text, this.#speaker);
  }

  refusal(problem: Fault): string | undefined {
    return this.#dialogue?.refusal(problem);
  }
}
