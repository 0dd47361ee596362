import { createHash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import type { HashPage } from './pages/hash.js';
import { bigFile } from './support/big-file.js';
import { INSECURE_HOST, startChromium } from './support/chromium.js';
import { heldUp, LONG_MS } from './support/held-up.js';
import { type Bundle, bundlePage, type SiteOptions, startSite } from './support/site.js';

declare const page: HashPage;

const SIZE = 128 * MiB;
/** Beyond what a busy machine takes. */
const PATIENT = { timeout: 120_000 };
const PIECE = 8 * MiB;

let browser: Awaited<ReturnType<typeof startChromium>>;
let bundle: Bundle;
let big: Awaited<ReturnType<typeof bigFile>>;
beforeAll(async () => {
  [browser, bundle, big] = await Promise.all([startChromium(), bundlePage('hash.ts'), bigFile(SIZE, PIECE)]);
});
afterAll(async () => {
  await browser?.close();
  await big?.[Symbol.asyncDispose]();
});

/** A page with that file chosen, and all the workers that it ever starts. */
async function open(host = '127.0.0.1', options: SiteOptions = {}, file = big.path) {
  const site = await startSite(bundle, options);
  const tab = await browser.newPage();
  const workers: string[] = [];
  const errors: string[] = [];
  tab.on('worker', (worker) => workers.push(new URL(worker.url()).pathname));
  tab.on('pageerror', (error) => errors.push(String(error)));
  await tab.goto(`http://${host}:${site.port}/`);
  await tab.waitForFunction('globalThis.page');
  await tab.setInputFiles('input', file);
  return {
    ...{ tab, site, workers, errors },
    async [Symbol.asyncDispose]() {
      await tab.close();
      await site[Symbol.asyncDispose]();
    },
  };
}

const hash = (tab: Page, how: 'default' | 'lost worker' | 'page' = 'default') =>
  tab.evaluate(([piece, by]) => page.hash(piece, by), [PIECE, how] as const);

const measured = (tab: Page) => heldUp(browser, tab, () => hash(tab));

describe('hashing a file of 128 MiB in Chromium', PATIENT, () => {
  test('happens in workers, by WebCrypto, with the hashes that Node has', async () => {
    await using at = await open();
    const run = await measured(at.tab);
    expect(run).toMatchObject({ hashes: big.hashes, held: [] });
    expect(run.progress.at(-1)).toBe(SIZE);
    expect(at.workers.length).toBeGreaterThanOrEqual(2);
    for (const worker of at.workers) expect(worker).toMatch(/hash-worker/);
    // Neither in a worker nor on the page.
    expect(at.site.requested.filter((path) => path.includes('wasm'))).toEqual([]);
  });

  test('happens in workers on a plain-http origin, by hash-wasm', async () => {
    await using at = await open(INSECURE_HOST);
    expect(await at.tab.evaluate(() => crypto.subtle)).toBeUndefined();
    expect(await measured(at.tab)).toMatchObject({ hashes: big.hashes, held: [] });
    expect(at.workers.length).toBeGreaterThanOrEqual(2);
    for (const worker of at.workers) expect(worker).toMatch(/wasm-worker/);
  });

  test.each([
    ['by WebCrypto', '127.0.0.1'],
    ['by hash-wasm', INSECURE_HOST],
  ])('happens on the page where a policy forbids workers, %s', async (_, host) => {
    await using at = await open(host, { headers: { 'content-security-policy': "worker-src 'none'" } });
    expect(await measured(at.tab)).toMatchObject({ hashes: big.hashes, held: [] });
    expect(at.workers).toEqual([]);
    expect(at.errors).toEqual([]);
  });

  test('happens on the page where a bundler lost the worker', async () => {
    await using at = await open();
    expect(await hash(at.tab, 'lost worker')).toMatchObject({ hashes: big.hashes });
    expect(at.errors).toEqual([]);
  });

  test('says that a file which changed since it was chosen has changed', async () => {
    await using small = await bigFile(20 * MiB, PIECE);
    await using at = await open('127.0.0.1', {}, small.path);
    expect(await hash(at.tab)).toMatchObject({ hashes: small.hashes });
    await appendFile(small.path, 'more');
    expect(await hash(at.tab)).toMatchObject({ hashes: [], error: 'FILE_CHANGED' });
  });
});

test('a policy that forbids WebAssembly where there is no WebCrypto is told in words', PATIENT, async () => {
  const headers = { 'content-security-policy': "script-src 'self'; worker-src 'self'" };
  await using at = await open(INSECURE_HOST, { headers });
  expect(await hash(at.tab)).toMatchObject({ error: 'INPUT_INVALID' });
  await using allowed = await open(INSECURE_HOST, {
    headers: { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" },
  });
  expect(await hash(allowed.tab)).toMatchObject({ hashes: big.hashes });
  expect(allowed.workers.length).toBeGreaterThanOrEqual(2);
});

test("hash-wasm on the page's own thread hashes whatever the length", async () => {
  await using at = await open();
  for (const length of [0, 1, 1000]) {
    const bytes = Array.from({ length }, (_, i) => i % 256);
    const expected = [...createHash('sha256').update(Buffer.from(bytes)).digest()];
    expect(await at.tab.evaluate((given) => page.wasm(given), bytes)).toEqual(expected);
  }
});

test('the measure sees a page that is held up', async () => {
  await using at = await open();
  const { longTasks, held } = await heldUp(browser, at.tab, () => at.tab.evaluate(() => page.blocked()));
  expect(Math.max(0, ...longTasks)).toBeGreaterThan(LONG_MS);
  expect(Math.max(0, ...held)).toBeGreaterThan(LONG_MS);
});
