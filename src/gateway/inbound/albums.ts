import { Lru } from "#base";
import type { Address } from "#protocol";
import type { Heading } from "../router/heading.ts";
import { chatOf } from "./chat-of.ts";
import type { Said } from "./said.ts";

const albumsKept = 500;

/** Where a message goes, and whether a turn is wanted for it. */
export interface Aim {
  readonly heading: Heading;
  readonly isForUs: boolean;
}

/** Who says something, and where. */
interface Voice {
  readonly from: Address;
  readonly senderId: string;
}

/** An album comes as several messages of which one has the words. The others go where those go, but for a fixed reply, which is said once. In memory only. */
export class Albums {
  readonly #aims = new Lru<string, Aim>({ budget: albumsKept });

  /** Of the album that a message without words belongs to. */
  aimOf(voice: Voice, { bundle, text }: Said): Aim | undefined {
    return bundle === undefined || text.trim() !== "" ? undefined : this.#aims.get(keyOf(voice, bundle));
  }

  note(voice: Voice, { bundle, text }: Said, aim: Aim): void {
    if (bundle === undefined || text.trim() === "") return;
    const isAnsweredOnce = aim.heading.route.action === "reply";
    this.#aims.set(keyOf(voice, bundle), { ...aim, isForUs: aim.isForUs && !isAnsweredOnce });
  }
}

function keyOf({ from, senderId }: Voice, bundle: string): string {
  return JSON.stringify([chatOf(from), senderId, bundle]);
}
