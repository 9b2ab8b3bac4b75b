import type { Log } from "#base";
import { App, type Logger, type Receiver } from "@slack/bolt";
import type { Taken } from "../intake.ts";

/** Who we are there. */
export interface Identity {
  readonly userId: string;
  readonly botId: string | undefined;
  readonly name: string;
  readonly teamId: string | undefined;
}

/** What Slack brings, the same by socket and by request: an event, a command, a click. */
export interface Delivery {
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryNum?: number;
  readonly retryReason?: string;
}

/** Hands one delivery to Bolt's app and says what became of it. Never rejects. */
export type Deliver = (delivery: Delivery) => Promise<Taken>;

/**
 * Bolt's app behind a receiver of ours. Bolt's own receivers tell Slack that they have an event before anybody has looked at
 * it, and the one for sockets is deaf for five seconds whenever Slack moves it to another server. So the app is told that
 * everything is acknowledged, and its listener's end is what counts.
 */
export function createDoorway(options: {
  readonly me: Identity;
  readonly logger: Logger;
  readonly log: Log;
  take(body: Readonly<Record<string, unknown>>): Promise<Taken>;
}): Deliver {
  const receiver: Receiver = { init: () => {}, start: async () => {}, stop: async () => {} };
  const { userId, botId } = options.me;
  const app = new App({
    receiver,
    logger: options.logger,
    convoStore: false,
    authorize: async () => ({ botUserId: userId, ...(botId === undefined ? {} : { botId }) }),
  });
  const outcomes = new WeakMap<object, Taken>();
  app.use(async ({ body }) => {
    // In Bolt's types no body is a record, and each one is.
    outcomes.set(body, await options.take({ ...body }));
  });
  app.error(async (error) => {
    throw error;
  });
  return async ({ body: given, retryNum, retryReason }) => {
    const body = { ...given };
    try {
      await app.processEvent({
        body,
        ack: async () => {},
        ...(retryNum === undefined ? {} : { retryNum }),
        ...(retryReason === undefined ? {} : { retryReason }),
      });
    } catch (error) {
      // Bolt stumbles over what is not as Slack writes it. It would again.
      options.log.error("An update of Slack's could not be read and is passed over.", { error });
    }
    return outcomes.get(body) ?? "taken";
  };
}
