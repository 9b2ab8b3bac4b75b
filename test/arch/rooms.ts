/** The floor plan: a room may import the doors of the rooms listed beside it, and nothing else of ours. */
const ground = ["base", "protocol"] as const;

export const rooms: Readonly<Record<string, readonly string[]>> = {
  // ground
  base: [],
  protocol: ["base"],
  // utilities: each owns one power
  config: ground,
  storage: [...ground, "config"],
  sandbox: ground,
  markup: ground,
  telemetry: ground,
  net: ground,
  // plugs: one entry per platform, model API or tool; siblings never meet
  providers: [...ground, "config"],
  tools: [...ground, "config", "sandbox", "net"],
  channels: [...ground, "config", "markup", "net"],
  // heart
  devices: [...ground, "storage"],
  scheduler: ground,
  sessions: [...ground, "storage"],
  agent: [...ground, "config", "providers", "tools"],
  gateway: [...ground, "storage", "markup", "channels", "scheduler", "sessions", "agent"],
  // doors to the outside
  rpc: [...ground, "config", "telemetry", "devices", "sessions", "gateway"],
  http: [...ground, "config", "rpc", "gateway", "channels", "telemetry"],
  cli: [...ground, "config", "rpc"],
};

/** Rooms that run elsewhere and may only borrow types. */
export const typesOnly: readonly string[] = ["web"];

/** What only some rooms may do, and which files beside them. */
export const powers: readonly { readonly name: string; readonly used: RegExp; readonly by: readonly string[] }[] = [
  { name: "open a database", used: /"bun:sqlite"|Bun\.SQL/, by: ["storage"] },
  { name: "start a process", used: /Bun\.spawn|"node:child_process"/, by: ["sandbox"] },
  { name: "read the environment", used: /process\.env|Bun\.env/, by: ["config"] },
  {
    name: "call the network",
    used: /(?<![.\w])fetch\(|new WebSocket\(/,
    by: ["net", "providers", "channels", "tools", "cli", "web"],
  },
  { name: "write to the terminal", used: /\bconsole\.|process\.std(out|err)/, by: ["cli", "web"] },
  { name: "call native code", used: /"bun:ffi"|process\.dlopen/, by: ["sandbox", "page-out.ts"] },
  { name: "end the process", used: /process\.exit\(/, by: ["main.ts"] },
];
