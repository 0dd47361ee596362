import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { startStandalone } from '../../server/standalone/app.js';
import { pageRoutes } from '../../server/standalone/page.js';
import { temporaryFolder } from '../support/server.js';
import { request } from '../support/wire.js';

const silent = { info() {}, warn() {}, error() {} };
const BUILT = path.resolve(import.meta.dirname, '../../dist/page');
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async function serve() {
  const folder = await temporaryFolder();
  const app = await startStandalone({
    ...{ root: folder.path, host: '127.0.0.1', port: 0, allowedHosts: [], requestsPerMinute: 0, log: silent },
    ...{ allowedOrigins: [], token: 'a-token' },
  });
  return {
    get: (address: string, headers = {}) => request(`${app.url}${address}`, { headers }),
    raw: async (address: string, headers: Record<string, string>) =>
      fetch(`${app.url}${address}`, { headers }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The addresses of what is built, by the ends of their names. */
const assets = async (end: string, under = 'assets') =>
  (await readdir(path.join(BUILT, under)))
    .filter((name) => name.endsWith(end))
    .map((name) => `/${under}/${name}`);

describe('the page', () => {
  it('is there for everybody, asked for anew each time, and may do little', async () => {
    await using server = await serve();
    const answer = await server.get('/');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(String(answer.headers['content-security-policy']).split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob: data:",
      "connect-src 'self'",
      "worker-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(answer.text).toBe(await readFile(path.join(BUILT, 'index.html'), 'utf8'));
    expect(answer.text).not.toMatch(/<style|style=|<script(?![^>]*src=)|https?:/);
    const { etag } = answer.headers;
    expect((await server.get('/', { 'if-none-match': etag })).status).toBe(304);
  });

  it('has its files kept for a year, and sends them small to whoever can take it', async () => {
    await using server = await serve();
    const [script = ''] = await assets('.js');
    const plain = await server.raw(script, { 'accept-encoding': 'identity' });
    const packed = await server.get(script, { 'accept-encoding': 'gzip' });
    expect(Object.fromEntries(plain.headers)).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'application/javascript; charset=utf-8',
      'content-security-policy': NOTHING,
      'x-content-type-options': 'nosniff',
      vary: expect.stringContaining('Accept-Encoding'),
    });
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'application/javascript; charset=utf-8',
      vary: expect.stringContaining('Accept-Encoding'),
    });
    const bytes = await readFile(path.join(BUILT, `${script}.gz`));
    expect(Number(packed.headers['content-length'])).toBe(bytes.length);
    expect(gunzipSync(bytes).toString()).toBe(await plain.text());
  });

  it('lets that worker alone compile WebAssembly that has no other way to hash', async () => {
    await using server = await serve();
    const workers = await assets('.js', 'assets/workers');
    const policies = Object.fromEntries(
      await Promise.all(
        workers.map(async (address) => [
          path.basename(address).replace(/-[^-]*\.js$/, ''),
          (await server.get(address)).headers['content-security-policy'],
        ]),
      ),
    );
    expect(policies).toEqual({
      'hash-worker': `${NOTHING}; script-src 'self'`,
      'wasm-worker': `${NOTHING}; script-src 'self' 'wasm-unsafe-eval'`,
    });
    for (const address of [
      ...(await assets('.js')),
      '/',
      '/trpc/uploads.list',
      '/session',
      '/nothing',
      '/healthz',
    ])
      expect((await server.get(address)).headers['content-security-policy']).not.toContain('unsafe');
  });

  it('leads nowhere else', async () => {
    await using server = await serve();
    const wrong = [
      '/assets/',
      '/assets',
      '/assets/../index.html',
      '/assets/%2e%2e/licenses.md',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e%2f%2e%2e%2fcli%2fmain.js',
      '/assets//etc/passwd',
      '/assets/%00',
      '/assets/none.js',
      '/licenses.md',
      '/index.html',
      '/assets/..\\..\\package.json',
    ];
    for (const address of wrong) {
      const answer = await server.get(address);
      expect([403, 404, 400], address).toContain(answer.status);
      expect(answer.text, address).not.toMatch(/"version"|Licenses/);
      expect(answer.headers['content-security-policy'], address).toBe(NOTHING);
    }
  });

  it('every other answer may do nothing at all', async () => {
    await using server = await serve();
    for (const address of ['/trpc/uploads.list', '/session', '/nothing', '/healthz', '/readyz'])
      expect((await server.get(address)).headers['content-security-policy'], address).toBe(NOTHING);
  });

  it('says in a sentence where it is not built', async () => {
    await using folder = await temporaryFolder();
    const app = Fastify();
    await app.register(pageRoutes, { folder: folder.path });
    const missing = await app.inject('/');
    expect([missing.statusCode, missing.body]).toEqual([
      404,
      'The page is not built: run `npm run build`. Programs use /trpc all the same.\n',
    ]);
    expect((await app.inject('/assets/a.js')).statusCode).toBe(404);
    // It needs no new start once it is.
    await mkdir(path.join(folder.path, 'assets'));
    await writeFile(path.join(folder.path, 'assets/.env'), 'secret');
    await writeFile(path.join(folder.path, 'index.html'), '<title>built</title>');
    expect((await app.inject('/')).body).toBe('<title>built</title>');
    expect((await app.inject('/assets/.env')).statusCode).toBe(404);
    await app.close();
  });
});
