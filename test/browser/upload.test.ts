import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { startServer, temporaryFolder } from '../support/server.js';
import type { UploadPage } from './pages/upload.js';
import { bigFile } from './support/big-file.js';
import { INSECURE_HOST, startChromium } from './support/chromium.js';
import { heldUp } from './support/held-up.js';
import { type Bundle, bundlePage, startSite } from './support/site.js';

declare const page: UploadPage;

const SIZE = 192 * MiB;
/** Beyond what a busy machine takes. */
const PATIENT = { timeout: 120_000 };

let browser: Awaited<ReturnType<typeof startChromium>>;
let bundle: Bundle;
let big: Awaited<ReturnType<typeof bigFile>>;
beforeAll(async () => {
  [browser, bundle, big] = await Promise.all([
    startChromium(),
    bundlePage('upload.ts'),
    bigFile(SIZE, 8 * MiB),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await big?.[Symbol.asyncDispose]();
});

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** A page, and the real server at the same origin. */
async function open(host: string) {
  const folder = await temporaryFolder();
  const server = await startServer({ root: folder.path, owner: 'shared' });
  const target = new URL(server.url);
  const site = await startSite(bundle, {
    api(req, res) {
      const { method = 'GET', headers, url = '/' } = req;
      const path = url.replace(/^\/trpc/, '');
      const onward = http.request(
        { host: target.hostname, port: target.port, path, method, headers },
        (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(res);
        },
      );
      onward.on('error', () => res.destroy());
      res.on('close', () => onward.destroy());
      req.pipe(onward);
    },
  });
  const tab = await browser.newPage();
  const workers: string[] = [];
  tab.on('worker', (worker) => workers.push(new URL(worker.url()).pathname));
  const load = async () => {
    await tab.goto(`http://${host}:${site.port}/`);
    await tab.waitForFunction('globalThis.page');
    await tab.setInputFiles('input', big.path);
  };
  await load();
  return {
    ...{ tab, site, workers, load, root: folder.path },
    async [Symbol.asyncDispose]() {
      await tab.close();
      await site[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const upload = (tab: Page) => tab.evaluate(() => page.upload());
const growing = (values: number[]) => values.every((value, index) => value >= (values[index - 1] ?? 0));

describe('uploading 192 MiB from Chromium with nothing but defaults', PATIENT, () => {
  test.each([
    ['a secure origin', '127.0.0.1', /hash-worker/],
    ['a plain-http origin', INSECURE_HOST, /wasm-worker/],
  ])(
    'from %s: in workers, with progress that only grows, and a page that is never held up',
    async (_, host, worker) => {
      await using at = await open(host);
      const run = await heldUp(browser, at.tab, () => upload(at.tab));
      expect(run).toMatchObject({
        error: null,
        held: [],
        sentBytes: SIZE,
        state: { phase: 'completed', bytes: SIZE },
      });
      expect(await sha256Of(path.join(at.root, String(run.state.path)))).toBe(await sha256Of(big.path));
      expect(growing(run.bytes) && growing(run.hashed)).toBe(true);
      // Told by the browser while a chunk is on its way: of no whole number of chunks.
      expect(run.bytes.filter((bytes) => bytes % (8 * MiB) !== 0).length).toBeGreaterThan(2);
      expect(at.workers.length).toBeGreaterThanOrEqual(2);
      for (const one of at.workers) expect(one).toMatch(worker);
    },
  );

  test('after a reload the same file goes on', async () => {
    await using at = await open('127.0.0.1');
    const begun = upload(at.tab).catch(() => null);
    await at.tab.waitForFunction(() => Number(document.title.split(' ')[1]) >= 8);
    await at.load();
    expect(await begun).toBeNull();
    const run = await upload(at.tab);
    expect(run).toMatchObject({ error: null, state: { phase: 'completed', resumed: true } });
    // What was there, but the last of it.
    expect(run.sentBytes).toBeLessThanOrEqual(SIZE - 7 * 8 * MiB);
    expect(run.bytes.find((bytes) => bytes > 0)).toBeGreaterThanOrEqual(8 * 8 * MiB);
    expect(await sha256Of(path.join(at.root, String(run.state.path)))).toBe(await sha256Of(big.path));
  });

  test('offline for a while, and online again: nothing is lost', async () => {
    await using at = await open('127.0.0.1');
    const begun = upload(at.tab);
    await at.tab.waitForFunction(() => Number(document.title.split(' ')[1]) >= 4);
    await at.tab.context().setOffline(true);
    // Chunks on the way may still be accepted; then nothing moves.
    const { requested } = at.site;
    const before = requested.length;
    expect(await at.tab.evaluate(() => navigator.onLine)).toBe(false);
    await at.tab.context().setOffline(false);
    const run = await begun;
    expect(requested.length).toBeGreaterThan(before);
    expect(run).toMatchObject({ error: null, state: { phase: 'completed', bytes: SIZE } });
    expect(growing(run.bytes)).toBe(true);
    expect(await sha256Of(path.join(at.root, String(run.state.path)))).toBe(await sha256Of(big.path));
  });
});
