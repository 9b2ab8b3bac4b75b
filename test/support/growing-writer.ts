/** Run as a process by a kill -9 test: takes up what there is, and answers without end: `bun growing-writer.ts <folder> <url>`. */
import { slateAt } from "./slate-at.ts";
import { Walk } from "./walk.ts";

const [folder = "", url = ""] = process.argv.slice(2);

const walk = new Walk({
  folder,
  channels: [slateAt(url)],
  answer: async function* (_request, signal) {
    for (let n = 0; !signal.aborted; n++) {
      yield { type: "text", delta: `word${n} ` };
      await Bun.sleep(2);
    }
  },
});
await walk.recovered();
const from = { channel: "pigeon", chat: "c1" };
await walk.say("hello", { id: "m1", sessionKey: "agent:main:pigeon:default:direct:c1", from });
