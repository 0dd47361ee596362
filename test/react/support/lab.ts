import type http from 'node:http';
import path from 'node:path';
import { build } from 'esbuild';
import { CHUNK_HEADER, decodeChunkHeader, MiB } from '../../../contract/index.js';
import { policy } from '../../../server/index.js';
import { startChromium } from '../../browser/support/chromium.js';
import { ROOT } from '../../house/tree.js';
import { startServer, temporaryFolder } from '../../support/server.js';
import type { kit as Kit } from './page.js';

declare global {
  var kit: typeof Kit;
}

const HTML =
  '<!doctype html><meta charset="utf-8"><main></main><script src="/page.js" type="module"></script>';
const small = { threshold: MiB, chunkSize: MiB };

/** The page's modules by their addresses, with the threads that hash. */
async function modules(): Promise<Map<string, Uint8Array>> {
  const workers = path.join(ROOT, 'client/browser/workers');
  const { outputFiles } = await build({
    entryPoints: {
      page: path.join(ROOT, 'test/react/support/page.ts'),
      'workers/hash-worker': path.join(workers, 'hash-worker.ts'),
      'workers/wasm-worker': path.join(workers, 'wasm-worker.ts'),
    },
    ...{ bundle: true, format: 'esm', splitting: false, write: false, outdir: '/' },
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return new Map(outputFiles.map(({ path: name, contents }) => [name, contents]));
}

async function startLabServer(root: string) {
  return startServer({ root, policies: { default: policy(small), photos: policy(small) } });
}
export type LabRouter = Awaited<ReturnType<typeof startLabServer>>['router'];

/** Keeps chunks from the server until they are let through. */
function createHold() {
  let below = Number.POSITIVE_INFINITY;
  let waiting: { index: number; go: () => void }[] = [];
  return {
    /** Chunks with a lower index go through, at once and from now on. */
    below(limit: number) {
      below = limit;
      const ready = waiting.filter(({ index }) => index < limit);
      waiting = waiting.filter(({ index }) => index >= limit);
      for (const { go } of ready) go();
    },
    pass(index: number, go: () => void) {
      if (index < below) go();
      else waiting.push({ index, go });
    },
  };
}

/** A real server, and a page of it in a real browser with `kit`. */
export async function startLab() {
  const files = await modules();
  const folder = await temporaryFolder();
  const started = await startLabServer(folder.path);
  const { server, url } = started;
  const hold = createHold();
  const trpc = server.listeners('request')[0] as http.RequestListener;
  server.removeAllListeners('request');
  server.on('request', (req, res) => {
    const file = files.get(req.url ?? '');
    if (req.url === '/') return res.setHeader('content-type', 'text/html').end(HTML);
    if (file) return res.setHeader('content-type', 'text/javascript').end(file);
    const header = req.headers[CHUNK_HEADER];
    const chunk = header === undefined ? null : (decodeChunkHeader(String(header)) as { index: number });
    req.url = req.url?.replace('/trpc', '');
    hold.pass(chunk?.index ?? -1, () => trpc(req, res));
  });
  const browser = await startChromium();
  return {
    hold,
    /** A new page, and what it has complained about. */
    async open() {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      await page.goto(url);
      await page.waitForFunction(() => 'kit' in globalThis);
      return { page, complaints };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
