import type { AnyMethod } from "#rpc";
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { openApiDocument } from "./openapi.ts";
import referenceScript from "./reference.js" with { type: "text" };

/**
 * `/docs` and `/openapi.json`. Public: they say what could be called, never what is there. The page the plugin makes would
 * load its viewer from a public CDN, which could then read the token a reader types; it gets our own small script instead,
 * and a policy under which nothing else runs.
 */
export function createDocs(methods: readonly AnyMethod[], version: string): (path: string) => Promise<Response> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types know OpenAPI 3.0 only; it hands the document on as it is
  const documentation = openApiDocument(methods, version) as unknown as Documentation;
  const app = new Elysia({ aot: false, strictPath: true })
    .get(scriptPath, () => new Response(referenceScript, { headers: { "content-type": "text/javascript" } }))
    .use(
      swagger({
        path: "/docs",
        specPath: "/openapi.json",
        provider: "scalar",
        scalarCDN: scriptPath,
        scalarConfig: { customCss: css },
        documentation,
      }),
    );
  const pages = new Map<string, Page>();
  return async (path) => {
    const page = pages.get(path) ?? (await readPage(await app.handle(new Request(`http://gateway.internal${path}`))));
    pages.set(path, page);
    return new Response(page.text, { headers: page.headers });
  };
}

/** Kept, because the plugin makes its page once, as a response that can be read once. */
interface Page {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Documentation = NonNullable<NonNullable<Parameters<typeof swagger>[0]>["documentation"]>;

const scriptPath = "/docs/reference.js";

const css = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
details { border-bottom: 1px solid #8884; padding: 0.4rem 0; }
summary { cursor: pointer; }
code, pre { font: 0.9em/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; background: #8881; padding: 0.6rem; border-radius: 0.3rem; }
`;

async function readPage(response: Response): Promise<Page> {
  if (!response.ok) throw new Error(`the reference could not be made: ${response.status}`);
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "application/json";
  if (!type.startsWith("text/html")) return { text, headers: { "content-type": type } };
  return { text, headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policyOf(text) } };
}

/** The page's own inline parts are allowed by their hash, so that nothing added to them later runs. */
function policyOf(page: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes(page, /<script[^>]*>([^<]+)<\/script>/g)}`,
    `style-src ${hashes(page, /<style>([^<]*)<\/style>/g)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function hashes(page: string, inline: RegExp): string {
  return [...page.matchAll(inline)]
    .map((found) => `'sha256-${new Bun.CryptoHasher("sha256").update(found[1] ?? "").digest("base64")}'`)
    .join(" ");
}
