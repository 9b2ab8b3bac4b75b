import type { Address } from "#protocol";
import { defaultAccount } from "../line.ts";
import type { Binding } from "../settings.ts";
import { webhookChannel } from "./passed-on.ts";

export interface KnownPlaces {
  readonly agentIds: readonly string[];
  /** Why nothing can be sent over an account; undefined when it can. */
  readonly accountProblem?: (to: Required<Pick<Address, "account" | "channel">>) => string | undefined;
}

/** What is wrong with the bindings, for the person who wrote them. */
export function checkBindings(bindings: readonly Binding[], known: KnownPlaces): readonly string[] {
  return bindings.flatMap((binding, at) => {
    const { agentId, action = "agent", text } = binding;
    const where = `bindings[${at}]`;
    const { agentIds } = known;
    const isKnown = agentId === undefined || agentIds.includes(agentId);
    return [
      ...(isKnown ? [] : [`${where}.agent_id: there is no agent “${agentId}”; there is ${agentIds.join(", ")}.`]),
      ...(action === "reply" && text === undefined ? [`${where}.text: a reply says something.`] : []),
      ...(action === "forward" || action === "webhook" ? targetProblems(binding, `${where}.to`, known) : []),
    ];
  });
}

function targetProblems(binding: Binding, where: string, known: KnownPlaces): readonly string[] {
  const { action, to = {} } = binding;
  const { channel = action === "webhook" ? webhookChannel : undefined, account = defaultAccount, chat } = to;
  if (channel === undefined) return [`${where}.channel: forward names the channel of the chat that it sends to.`];
  if (action === "webhook" && channel !== webhookChannel) {
    return [`${where}.channel: webhook posts over the channel webhook; forward sends to others.`];
  }
  if (action === "forward" && chat === undefined) {
    return [`${where}.chat: forward names the platform's id of the chat that it sends to.`];
  }
  if (isCircle(binding)) {
    return [`${where}.chat: this is where the message comes from, and it would go in a circle.`];
  }
  return accountProblems({ channel, account }, where, known);
}

/** As far as the settings alone tell. */
function isCircle({ match, to = {} }: Binding): boolean {
  if (match.peer === undefined || match.peer.id !== to.chat || to.thread !== undefined) return false;
  return match.channel === to.channel && (match.accountId ?? defaultAccount) === (to.account ?? defaultAccount);
}

function accountProblems(
  to: Required<Pick<Address, "account" | "channel">>,
  where: string,
  { accountProblem }: KnownPlaces,
): readonly string[] {
  const problem = accountProblem?.(to);
  return problem === undefined ? [] : [`${where}: ${problem}.`];
}
