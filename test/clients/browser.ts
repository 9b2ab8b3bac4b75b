import { join } from "node:path";
import { controlUiFolder, playwright } from "./installed.ts";

/** As much of playwright-core as is used here: it is no dependency of this project. */
export interface Page {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  getByLabel(text: string): Locator;
  getByRole(role: string, options: { readonly name: string | RegExp }): Locator;
  innerText(selector: string): Promise<string>;
  on(event: "pageerror", heard: (error: Error) => void): void;
  setDefaultTimeout(ms: number): void;
}

export interface Locator {
  waitFor(): Promise<void>;
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  last(): Locator;
}

export interface Browser {
  /** A page that shares nothing with the others. */
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Launcher {
  launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Browser>;
}

export async function launchBrowser(executablePath: string): Promise<Browser> {
  const { chromium } = (await import(playwright)) as { readonly chromium: Launcher };
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/**
 * The Control UI as the original's package brings it, the way a web server would: its files, and for every page that is
 * none of them the one document, which names its files from the root. The rest is the gateway's.
 */
export async function controlUi(request: Request): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const file = Bun.file(join(controlUiFolder, pathname));
  if (pathname !== "/" && (await file.exists())) return new Response(file);
  if (!(request.headers.get("accept") ?? "").includes("text/html")) return undefined;
  const document = await Bun.file(join(controlUiFolder, "index.html")).text();
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" };
  return new Response(document.replaceAll('"./', '"/'), { headers });
}
