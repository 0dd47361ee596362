import path from 'node:path';
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { writeRandomFile } from '../../../../cli/demo/files.js';
import { MiB } from '../../../../contract/index.js';
import { peakMemory } from '../../../support/peak-memory.js';
import { heldUp } from '../../support/held-up.js';
import type { Bundle } from '../../support/site.js';
import type { Bench } from '../bench/page.js';
import { LARGE_CHUNKS, startLab } from './lab.js';
import { renderersOf } from './renderers.js';
import { WAIT } from './tab.js';

declare const bench: Bench;

/** Of scripts; the chunks on their way are beside it. */
const HEAP_GROWTH = 20 * MiB;
/** A chunk or two for each request and each worker, whatever the size of the file. */
const MEMORY_GROWTH = 300 * MiB;

/** Uploads a file of `size` bytes from a page of its own, and looks at all that it does to the page. */
export async function uploadLarge(browser: Browser, bundle: Bundle, size: number, wait = WAIT) {
  await using lab = await startLab(bundle, LARGE_CHUNKS);
  await using context = await browser.newContext();
  const file = path.join(lab.space.path, 'film.bin');
  await writeRandomFile(file, size);
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
    return {
      result: await tab.completed(0, wait),
      longTasks: await tab.evaluate(() => bench.longTasks()),
    };
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
  expect([...hashed].at(-1)).toBe(size);
  expect(hashed.size, `hashed bytes: ${[...hashed]}`).toBeGreaterThan(2);
  // Each accepted chunk is told at least.
  const sent = new Set(log.filter(({ phase }) => phase === 'uploading').map(({ bytes }) => bytes));
  expect(sent.size, `sent bytes: ${[...sent]}`).toBeGreaterThanOrEqual(lab.proxy.chunks.length / 2);
  expect(tab.workers.length).toBeGreaterThanOrEqual(2);
  for (const worker of tab.workers) expect(worker).toMatch(/hash-worker/);
  expect((await heap()) - heapBefore).toBeLessThan(HEAP_GROWTH);
  expect(held, `long tasks by the clock: ${longTasks}`).toEqual([]);
  expect((await peak()) - peakBefore).toBeLessThan(MEMORY_GROWTH);
  expect(result).toMatchObject({ size, sentBytes: size, retries: 0 });
  expect(lab.proxy.arrivedBytes).toBe(size);
  await tab.expectFlawless();
  await lab.expectStored(result.path, file);
}
