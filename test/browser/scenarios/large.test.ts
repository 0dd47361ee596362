import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MiB } from '../../../contract/index.js';
import { INSECURE_HOST, startChromium } from '../support/chromium.js';
import type { Bundle } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import { LARGE_CHUNKS, startLab } from './support/lab.js';
import { uploadLarge } from './support/large.js';

let browser: Browser;
let bundle: Bundle;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundleBench()]);
});
afterAll(() => browser?.close());

test('a file of 300 MiB is hashed in workers, sent and stored, and the page stays free meanwhile', () =>
  uploadLarge(browser, bundle, 300 * MiB));

test('a plain-http origin, which has no WebCrypto, hashes by hash-wasm in workers', async () => {
  await using lab = await startLab(bundle, [...LARGE_CHUNKS, '--allowed-host', INSECURE_HOST]);
  await using context = await browser.newContext();
  const { path: file } = await lab.space.file('film.bin', 64 * MiB + 1);
  const tab = await lab.openBench(context, {}, INSECURE_HOST);
  expect(await tab.evaluate(() => crypto.subtle)).toBeUndefined();
  await tab.add(file);
  const { path: stored, sentBytes } = await tab.completed();
  expect(sentBytes).toBe(64 * MiB + 1);
  expect(tab.workers.length).toBeGreaterThanOrEqual(2);
  for (const worker of tab.workers) expect(worker).toMatch(/wasm-worker/);
  await tab.expectFlawless();
  await lab.expectStored(stored, file);
});
