import { type Clock, Secret } from "#base";
import { until } from "./until.ts";
import { openSlack } from "../../src/channels/slack/open.ts";
import type { SlackAccount } from "../../src/channels/slack.ts";
import { type LinkTimes, usualTimes } from "../../src/channels/slack/socket-link.ts";
import { FakeSlack } from "./fake-slack.ts";
import { AccountHouse, type OpenAccount } from "./open-account.ts";

export interface SlackHouse extends OpenAccount {
  readonly fake: FakeSlack;
}

export function accountOf(fake: FakeSlack, mode: SlackAccount["mode"] = "socket"): SlackAccount {
  return {
    botToken: new Secret(fake.botToken),
    appToken: new Secret(fake.appToken),
    signingSecret: new Secret(fake.signingSecret),
    mode,
    apiUrl: fake.apiUrl,
  };
}

/** The channel beside a fake workspace, online. */
export async function openSlackHouse(
  options: {
    readonly mode?: SlackAccount["mode"];
    readonly clock?: Clock;
    readonly times?: Partial<LinkTimes>;
    readonly ackMs?: number;
  } = {},
): Promise<SlackHouse> {
  const fake = new FakeSlack(options.ackMs === undefined ? {} : { ackMs: options.ackMs });
  const house = new AccountHouse(options.clock);
  const connection = await openSlack(house.options(accountOf(fake, options.mode)), { ...usualTimes, ...options.times });
  await until("the channel to be online", () => connection.state === "online");
  return {
    fake,
    house,
    connection,
    [Symbol.asyncDispose]: async () => {
      await connection[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}
