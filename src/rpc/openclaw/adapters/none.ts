import { type RequiredScope } from "#protocol";
import { Type } from "@sinclair/typebox";
import type { AnyMethod } from "../../method.ts";
import { open, own } from "./adapter.ts";

/**
 * What clients ask for when they start, and of which this gateway has none: nothing here asks a person, proposes tasks,
 * waits for an approval or wakes by itself, and no provider is asked what is left of its quota. Whatever comes to have
 * some moves to a method of its own.
 */
export const none: readonly AnyMethod[] = [
  empty("exec.approval.list", "operator.approvals", () => []),
  empty("last-heartbeat", "operator.read", () => null),
  empty("openclaw.approval.list", "operator.approvals", () => []),
  empty("plugin.approval.list", "operator.approvals", () => []),
  empty("question.list", "operator.questions", () => ({ questions: [] })),
  empty("taskSuggestions.list", "operator.read", () => ({ suggestions: [] })),
  empty("usage.status", "operator.read", () => ({ updatedAt: Date.now(), providers: [], refreshing: false })),
];

function empty(name: string, scope: RequiredScope, answer: () => unknown): AnyMethod {
  return own({ name, scope, params: Type.Object({}, open), handle: async () => answer() });
}
