import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { SERVE_DEFAULTS } from '../../contract/index.js';

/** What every answer may do in a browser, unless it says otherwise: nothing. */
export const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page: its own scripts, styles and workers, this server, and pictures that it makes of chosen files. */
const PAGE = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const WORKER = `${NOTHING}; script-src 'self'`;

/** That worker alone may compile WebAssembly: it hashes with it where plain http leaves a page no WebCrypto. */
const WASM_WORKER = `${NOTHING}; script-src 'self' 'wasm-unsafe-eval'`;

/** By the names that `page/vite.config.ts` gives. */
function workerPolicy(file: string): string | null {
  if (path.basename(path.dirname(file)) !== 'workers') return null;
  return path.basename(file).startsWith('wasm-') ? WASM_WORKER : WORKER;
}

/** The built page: beside the built server, and in `dist` when the sources run. */
function builtPage(): string {
  const beside = import.meta.url.endsWith('.ts') ? '../../dist/page/' : '../../page/';
  return fileURLToPath(new URL(beside, import.meta.url));
}

/** `/`, and what belongs to it under `/assets/`. Static: it says nothing of any upload. */
export async function pageRoutes(
  app: FastifyInstance,
  { folder = builtPage() }: { folder?: string } = {},
): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`);
  });
  await app.register(staticFiles, {
    root: path.join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'ignore',
    // Made by the build, beside each file that it makes smaller.
    preCompressed: true,
    immutable: true,
    maxAge: SERVE_DEFAULTS.assetMaxAgeS * 1000,
    setHeaders(response, file) {
      const policy = workerPolicy(file);
      if (policy !== null) response.setHeader('content-security-policy', policy);
    },
  });
  app.get('/', (_request, reply) => {
    if (!existsSync(path.join(folder, 'index.html')))
      return reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send('The page is not built: run `npm run build`. Programs use /trpc all the same.\n');
    return reply
      .header('content-security-policy', PAGE)
      .header('cache-control', 'no-cache')
      .sendFile('index.html', folder, { cacheControl: false });
  });
}
