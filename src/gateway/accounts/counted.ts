import type { Connection } from "#channels";

/** The connection as the walk gets it: each message that left is told of. */
export function counted(connection: Connection, sent: () => void): Connection {
  const grow = connection.grow?.bind(connection);
  return {
    get state() {
      return connection.state;
    },
    get problem() {
      return connection.problem;
    },
    get warning() {
      return connection.warning;
    },
    async send(message, signal) {
      const answer = await connection.send(message, signal);
      if ("messageId" in answer) sent();
      return answer;
    },
    ...(connection.find && { find: connection.find.bind(connection) }),
    ...(grow && {
      async grow(step, signal) {
        const answer = await grow(step, signal);
        if (step.messageId === undefined && "messageId" in answer) sent();
        return answer;
      },
    }),
    ...(connection.edit && { edit: connection.edit.bind(connection) }),
    ...(connection.delete && { delete: connection.delete.bind(connection) }),
    ...(connection.react && { react: connection.react.bind(connection) }),
    ...(connection.typing && { typing: connection.typing.bind(connection) }),
    ...(connection.unanswered && { unanswered: connection.unanswered.bind(connection) }),
    ...(connection.draft && { draft: connection.draft.bind(connection) }),
    ...(connection.take && { take: connection.take.bind(connection) }),
    ...(connection.probe && { probe: connection.probe.bind(connection) }),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
