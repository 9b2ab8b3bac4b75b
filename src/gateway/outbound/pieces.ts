import { newId } from "#base";
import { channels } from "#channels";
import type { Address } from "#protocol";
import type { NewOutboxRow } from "#storage";
import type { House } from "../house.ts";
import { forPeople } from "./for-people.ts";
import { cut } from "./cut.ts";

interface Outgoing {
  readonly to: Address;
  readonly text: string;
  readonly runId?: string;
}

/**
 * The rows that bring a text to a chat, one for each piece, in order. They go into the outbox in one transaction, so that a
 * chat gets all of an answer or nothing yet.
 */
export async function rowsFor(
  house: Pick<House, "lines">,
  { to, text, runId, label }: Outgoing & { readonly label?: string },
): Promise<readonly NewOutboxRow[]> {
  const said = forPeople(text);
  if (said === "") return [];
  return rowsAsIs(house, { to, text: labelled(said, label), ...(runId !== undefined && { runId }) });
}

/** With the name of who says it, where a chat has several. */
export function labelled(said: string, label: string | undefined): string {
  return label === undefined || said === "" ? said : `${label}\n${said}`;
}

/** The same for a text that no model wrote. */
export async function rowsAsIs(
  house: Pick<House, "lines">,
  { to, text, runId }: Outgoing,
): Promise<readonly NewOutboxRow[]> {
  const channel = house.lines.find(to)?.channel ?? channels.find(({ id }) => id === to.channel);
  const pieces = channel ? await cut(text, channel.text) : [text];
  const first = newId();
  return pieces.map((piece, at) => ({
    id: at === 0 ? first : `${first}${pieceMark}${at + 1}`,
    ...(runId !== undefined && { runId }),
    to,
    text: piece,
  }));
}

const pieceMark = "-p";

/** The first piece of what was cut, or all of what was not. */
export function isFirstPiece(outboxId: string): boolean {
  return !outboxId.includes(pieceMark);
}
