import { Type } from "@sinclair/typebox";
import { closed, defineMethod } from "../method.ts";
import { EventPage, EventRange, readEventPage } from "./sessions.export.ts";

export const sessionsEvents = defineMethod({
  name: "sessions.events",
  summary: "The raw events of a session with their hashes, oldest first, in pages.",
  scope: "operator.read",
  params: Type.Object(EventRange, closed),
  result: EventPage,
  handle: (range, { services }) => readEventPage(range, services),
});
