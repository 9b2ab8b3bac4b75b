import type { Connection } from "#channels";

/** The connection as the walk gets it: each message that left is told of. */
export function counted(connection: Connection, sent: () => void): Connection {
  const { find, edit, delete: remove, react, typing, draft, take, probe } = connection;
  return {
    get state() {
      return connection.state;
    },
    get problem() {
      return connection.problem;
    },
    async send(message, signal) {
      const answer = await connection.send(message, signal);
      if ("messageId" in answer) sent();
      return answer;
    },
    ...(find && { find: find.bind(connection) }),
    ...(edit && { edit: edit.bind(connection) }),
    ...(remove && { delete: remove.bind(connection) }),
    ...(react && { react: react.bind(connection) }),
    ...(typing && { typing: typing.bind(connection) }),
    ...(draft && { draft: draft.bind(connection) }),
    ...(take && { take: take.bind(connection) }),
    ...(probe && { probe: probe.bind(connection) }),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
