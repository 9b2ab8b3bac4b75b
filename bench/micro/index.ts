/** Single functions on the path of a message, measured by mitata. */
import { run } from "mitata";
import { benchAgent } from "./agent.ts";
import { benchGround } from "./ground.ts";
import { benchMarkup } from "./markup.ts";
import { benchRpc } from "./rpc.ts";
import { benchSessions } from "./sessions.ts";

benchGround();
benchSessions();
benchAgent();
benchRpc();
benchMarkup();
await run();
