import type { Sender } from "../update.ts";
import type { Api } from "./api.ts";
import type { Directory } from "./directory.ts";
import type { Identity } from "./doorway.ts";
import type { Content } from "./wire.ts";

/** What messages are read with. */
export interface Reading {
  readonly me: Identity;
  readonly api: Api;
  readonly directory: Directory;
}

export async function writerOf(content: Content, by: Pick<Reading, "directory">): Promise<Sender> {
  if (content.user !== undefined) {
    const person = await personOf(content.user, by, content.username);
    return { ...person, isBot: person.isBot || content.bot_id !== undefined };
  }
  const name = content.username === undefined ? {} : { name: content.username };
  return { id: content.bot_id ?? "", isBot: true, ...name };
}

export async function personOf(id: string, by: Pick<Reading, "directory">, username?: string): Promise<Sender> {
  const known = await by.directory.person(id);
  return { id, isBot: id === "USLACKBOT", ...(username === undefined ? {} : { username }), ...known };
}
