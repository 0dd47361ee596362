import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build, type Rolldown } from 'vite';
import { ROOT } from '../../house/tree.js';

/** What a bundler made of a page: texts by path. */
export type Bundle = ReadonlyMap<string, string | Uint8Array>;

/** The client as users have it, built: a worker starts from a file that the browser can run. */
const clientFromBuild = {
  name: 'client-from-build',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined) {
    if (!source.endsWith('.js') || !source.startsWith('.') || !importer || importer.includes('/dist/'))
      return null;
    const file = path.relative(ROOT, path.resolve(path.dirname(importer), source));
    return /^(client|contract)\//.test(file) ? path.join(ROOT, 'dist', file) : null;
  },
};

/** Bundles a script of `test/browser/pages` as vite does without any settings. */
export async function bundlePage(script: string): Promise<Bundle> {
  const made = (await build({
    configFile: false,
    logLevel: 'error',
    root: path.join(ROOT, 'test/browser/pages'),
    plugins: [clientFromBuild],
    build: {
      write: false,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: path.join(ROOT, 'test/browser/pages', script),
        output: { entryFileNames: 'page.js' },
      },
    },
  })) as Rolldown.RolldownOutput;
  return new Map([
    [
      '/',
      '<!doctype html><meta charset="utf-8"><title>Test</title><script type="module" src="/page.js"></script><input type="file">',
    ],
    ...made.output.map((file): [string, string | Uint8Array] => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : file.source,
    ]),
  ]);
}

export interface SiteOptions {
  /** Sent with the page. */
  headers?: Record<string, string>;
  /** Takes the requests that are for no file. */
  api?: http.RequestListener;
}

/** Serves a bundle on a free port. */
export async function startSite(bundle: Bundle, { headers = {}, api }: SiteOptions = {}) {
  const requested: string[] = [];
  const server = http.createServer((req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://here.invalid');
    requested.push(pathname);
    const text = bundle.get(pathname);
    if (text === undefined) return api ? api(req, res) : res.writeHead(404).end();
    const type = /\.m?js$/.test(pathname) ? 'text/javascript' : 'text/html';
    res.writeHead(200, { 'content-type': type, ...headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** Paths that were asked for. */
    requested,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
