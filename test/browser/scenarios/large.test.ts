import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRandomFile } from '../../../cli/demo/files.js';
import { MiB } from '../../../contract/index.js';
import { peakMemory } from '../../support/peak-memory.js';
import { INSECURE_HOST, startChromium } from '../support/chromium.js';
import { heldUp } from '../support/held-up.js';
import type { Bundle } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import type { Bench } from './bench/page.js';
import { LARGE_CHUNKS, startLab } from './support/lab.js';
import { renderersOf } from './support/renderers.js';

declare const bench: Bench;

const SIZE = 300 * MiB;
/** Of scripts; the chunks on their way are beside it. */
const HEAP_GROWTH = 20 * MiB;

let browser: Browser;
let bundle: Bundle;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundleBench()]);
});
afterAll(() => browser?.close());

test('a file of 300 MiB is hashed in workers, sent and stored, and the page stays free meanwhile', async () => {
  await using lab = await startLab(bundle, LARGE_CHUNKS);
  await using context = await browser.newContext();
  const file = path.join(lab.space.path, 'film.bin');
  await writeRandomFile(file, SIZE);
  const tab = await lab.openBench(context);
  const devtools = await context.newCDPSession(tab.page);
  await devtools.send('Performance.enable');
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN;
  };
  const peak = async () => Math.max(...(await Promise.all((await renderersOf(browser)).map(peakMemory))));
  const [heapBefore, peakBefore] = [await heap(), await peak()];
  const { result, longTasks, held } = await heldUp(browser, tab.page, async () => {
    await tab.add(file);
    return { result: await tab.completed(), longTasks: await tab.evaluate(() => bench.longTasks()) };
  });

  const { phases } = await tab.look();
  expect(phases.filter((phase) => phase !== 'assembling')).toEqual([
    'waiting',
    'hashing',
    'uploading',
    'completed',
  ]);
  const [log = []] = await tab.evaluate(() => bench.logs());
  const hashed = new Set(log.map(({ hashedBytes }) => hashedBytes));
  expect([...hashed].at(-1)).toBe(SIZE);
  expect(hashed.size, `hashed bytes: ${[...hashed]}`).toBeGreaterThan(2);
  // Each accepted chunk is told at least.
  const sent = new Set(log.filter(({ phase }) => phase === 'uploading').map(({ bytes }) => bytes));
  expect(sent.size, `sent bytes: ${[...sent]}`).toBeGreaterThanOrEqual(lab.proxy.chunks.length / 2);
  expect(tab.workers.length).toBeGreaterThanOrEqual(2);
  for (const worker of tab.workers) expect(worker).toMatch(/hash-worker/);
  expect((await heap()) - heapBefore).toBeLessThan(HEAP_GROWTH);
  expect(held, `long tasks by the clock: ${longTasks}`).toEqual([]);
  // A chunk or two for each request and each worker, whatever the size of the file.
  expect((await peak()) - peakBefore).toBeLessThan(SIZE);
  expect(result).toMatchObject({ size: SIZE, sentBytes: SIZE, retries: 0 });
  expect(lab.proxy.arrivedBytes).toBe(SIZE);
  await tab.expectFlawless();
  await lab.expectStored(result.path, file);
});

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
