import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHUNK } from '../../cli/support.js';
import { startChromium } from '../support/chromium.js';
import type { Bundle } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import type { Bench } from './bench/page.js';
import { CHUNKS, halfWay, SIZE } from './support/half-way.js';
import { startLab } from './support/lab.js';
import type { Tab } from './support/tab.js';

declare const bench: Bench;

/** Chunks that get through at first. */
const BEFORE = 15;

let browser: Browser;
let bundle: Bundle;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundleBench()]);
});
afterAll(() => browser?.close());

describe('an upload that was broken off half-way goes on when the same file is chosen', () => {
  const WAYS: Record<string, (tab: Tab, open: (other?: 'other browser') => Promise<Tab>) => Promise<Tab>> = {
    'after a reload': async (tab) => {
      await tab.reload();
      return tab;
    },
    'in another tab after its tab was closed': async (tab, open) => {
      await tab.page.close();
      return open();
    },
    'in another browser': (_, open) => open('other browser'),
  };

  test.each(Object.keys(WAYS))('%s, with fewer bytes', async (way) => {
    await using lab = await startLab(bundle);
    await using context = await browser.newContext();
    await using elsewhere = await browser.newContext();
    const { file, tab: first, uploadId, sentBefore } = await halfWay(lab, context, BEFORE);
    await first.expectFlawless();

    const second = await WAYS[way]!(first, (other) => lab.openBench(other ? elsewhere : context));
    // What hangs in the first one goes on hanging.
    lab.proxy.stopHolding();
    await second.add(file);
    const result = await second.completed();

    // The last received chunk once more, and what was missing.
    expect(result).toMatchObject({ uploadId, resumed: true });
    expect(result.sentBytes).toBeLessThanOrEqual(SIZE - (BEFORE - 1) * CHUNK);
    const sent = lab.proxy.chunks.slice(sentBefore);
    expect(new Set(sent.map(({ index }) => index)).size).toBe(CHUNKS - BEFORE + 1);
    // It began with what the server had.
    const [log = []] = await second.evaluate(() => bench.logs());
    const begun = log.find(({ phase }) => phase === 'uploading');
    expect(begun).toMatchObject({ chunks: BEFORE, resumed: true });
    expect(begun?.bytes).toBeGreaterThanOrEqual((BEFORE - 1) * CHUNK);
    await second.expectFlawless();
    await lab.expectStored(result.path, file);
    if (way === 'in another browser') {
      lab.proxy.release();
      expect(await first.completed()).toMatchObject({ uploadId, path: result.path });
      await first.expectFlawless();
    }
    expect(await lab.list()).toMatchObject([{ uploadId, status: 'completed' }]);
  });
});

test('two tabs with the same file share one session, and both complete', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { file, tab: first, uploadId } = await halfWay(lab, context, BEFORE);
  const second = await lab.openBench(context);
  await second.add(file);
  await second.until({ state: { phase: 'uploading', uploadId, chunks: BEFORE } });

  lab.proxy.release();
  const [one, other] = await Promise.all([first.completed(), second.completed()]);
  expect(other).toMatchObject({ uploadId, path: one.path, hash: one.hash });
  await first.expectFlawless();
  await second.expectFlawless();
  await lab.expectStored(one.path, file);
  expect(await lab.list()).toMatchObject([{ uploadId, status: 'completed', path: one.path }]);
});
