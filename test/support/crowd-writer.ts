/** Run as a process by a kill -9 test: takes messages of three chats, and says on its output which of them it has. */
import { FakeLine } from "./fake-line.ts";
import { crowdOptions, crowdMessage } from "./crowd.ts";
import { Gates, Walk } from "./walk.ts";

const [folder = "", from = "0", pace = "none"] = process.argv.slice(2);
const line = new FakeLine({ allowFrom: ["a", "b", "c"] });
const answer = pace === "none" ? { answer: new Gates().answer } : {};
const walk = new Walk({ ...crowdOptions(folder, line), ...answer });

async function speak(chat: string): Promise<void> {
  for (let n = Number(from); ; n += 10) {
    const burst = Array.from({ length: 10 }, (_, k) => n + k);
    await Promise.all(
      burst.map(async (k) => {
        await walk.inbound.take(crowdMessage(line, chat, k), line);
        process.stdout.write(`${chat}-${k}\n`);
      }),
    );
  }
}

await walk.gateway.recover();
await walk.inbound.recover();
await Promise.all(["a", "b", "c"].map(speak));
