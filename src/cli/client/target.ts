import { isSystemError, Secret, systemReason } from "#base";
import type { CliContext, ClientSettings } from "../context.ts";
import { CommandFailed, misuse } from "../failure.ts";
import { isLoopbackHost, isPrivateHost } from "./private-host.ts";

/** Which gateway, and what opens it. */
export interface Target {
  /** `ws:` or `wss:`, without credentials or query. */
  readonly url: URL;
  readonly token: Secret | undefined;
}

export interface TargetOptions {
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly config: string | undefined;
}

const longestToken = 4_096;

/**
 * The gateway that the options name, else that of the settings. The installation's own token goes to the installation's
 * own gateway alone: `--url` to another one needs a token of its own, or it would be handed to whoever owns that address.
 */
export async function findTarget(context: CliContext, options: TargetOptions): Promise<Target> {
  const given = await givenToken(options);
  const url = options.url === undefined ? undefined : parseUrl(options.url);
  if (url && given) return checked({ url, token: given });
  const settings = await context.readClientSettings(options.config);
  const own = await ownUrl(settings);
  if (url && !isSameGateway(url, own)) return { url, token: undefined };
  return checked({ url: url ?? own, token: given ?? (await ownToken(context, settings)) });
}

/** The same gateway over HTTP. */
export function httpUrl({ url }: Target, path: string): string {
  return new URL(path, url.href.replace(/^ws/, "http")).href;
}

async function givenToken({ token, tokenFile }: TargetOptions): Promise<Secret | undefined> {
  if (token !== undefined && tokenFile !== undefined) {
    throw misuse("--token and --token-file exclude each other.", "Give one of them.");
  }
  if (token !== undefined) return parseToken(token, "--token");
  if (tokenFile === undefined) return undefined;
  const file = Bun.file(tokenFile);
  try {
    return parseToken(await file.slice(0, longestToken + 1).text(), tokenFile);
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    const because = isSystemError(error) ? `: ${systemReason(error)}` : "";
    const message = `The token file ${tokenFile} cannot be read${because}.`;
    throw new CommandFailed({
      type: "tokenUnreadable",
      message,
      advice: "Check its path and its owner.",
      cause: error,
    });
  }
}

/** It becomes a header's value: printable ASCII. */
function parseToken(text: string, from: string): Secret {
  const token = text.trim();
  if (token.length <= longestToken && /^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  throw misuse(`${from} holds no token.`, `A token is 1 to ${longestToken} printable characters without a space.`);
}

function parseUrl(text: string): URL {
  const advice = "It looks like ws://127.0.0.1:18789 or wss://gateway.example.";
  const withScheme = text.includes("://") ? text : `ws://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme.replace(/^http(s?):/i, "ws$1:")) : undefined;
  if (!url || !["ws:", "wss:"].includes(url.protocol)) throw misuse("--url is not the address of a gateway.", advice);
  if (url.username || url.password || url.search || url.hash) {
    throw misuse("--url must not carry credentials or a query.", "Give the token with --token-file.");
  }
  if (url.pathname === "/") url.pathname = "/ws";
  return url;
}

async function ownUrl({ gateway }: ClientSettings): Promise<URL> {
  return new URL(`ws://${await hostOf(gateway.bind)}:${gateway.port}/ws`);
}

async function hostOf(bind: string): Promise<string> {
  if (bind === "tailnet" || bind === "auto") return (await tailnetAddress()) ?? "127.0.0.1";
  if (["loopback", "lan", "0.0.0.0", "::", "[::]"].includes(bind)) return "127.0.0.1";
  return bind.includes(":") && !bind.startsWith("[") ? `[${bind}]` : bind;
}

/** This machine's address in a tailnet: one of 100.64.0.0/10. */
async function tailnetAddress(): Promise<string | undefined> {
  const { networkInterfaces } = await import("node:os");
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ address }) => /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address))?.address;
}

function isSameGateway(a: URL, b: URL): boolean {
  const isSameHost = a.hostname === b.hostname || (isLoopbackHost(a.hostname) && isLoopbackHost(b.hostname));
  return isSameHost && a.port === b.port;
}

async function ownToken(context: CliContext, { gateway }: ClientSettings): Promise<Secret | undefined> {
  if (gateway.auth.mode === "none") return undefined;
  if (gateway.auth.mode === "password") return asHeader(gateway.auth.password);
  return gateway.auth.token ?? (await context.readToken());
}

/** The password that the environment brings: the file has only its hash, which opens nothing. */
function asHeader(password: Secret | undefined): Secret | undefined {
  return password && parseToken(password.reveal(), "OPENCLAW_GATEWAY_PASSWORD");
}

function checked(target: Target): Target {
  if (target.token && target.url.protocol === "ws:" && !isPrivateHost(target.url.hostname)) {
    throw new CommandFailed({
      type: "plaintextToken",
      message: `The token would cross the internet in the clear on the way to ${target.url.origin}.`,
      advice: "Use wss://, or a tunnel and the address of its near end.",
    });
  }
  return target;
}
