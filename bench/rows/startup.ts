import { SocketClient } from "../../test/support/socket-client.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { median } from "../figures.ts";
import type { Row } from "../row.ts";

export const startup: Row = async (peer, { starts }) => {
  using home = tempFolder();
  await (await peer.start(home.path)).stop();
  const healthy: number[] = [];
  const answered: number[] = [];
  for (let i = 0; i < starts; i++) {
    const begin = performance.now();
    await using gateway = await peer.start(home.path);
    healthy.push(gateway.startMs);
    await using client = await SocketClient.open(gateway.socketUrl);
    await client.chat("hello");
    answered.push(performance.now() - begin);
  }
  return [
    { what: "spawn → first healthy response, warm database", unit: "ms", value: median(healthy), atMost: 30 },
    { what: "spawn → first finished turn", unit: "ms", value: median(answered), atMost: 60 },
  ];
};
