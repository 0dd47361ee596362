import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHUNK } from '../../cli/support.js';
import { startChromium } from '../support/chromium.js';
import type { Bundle } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import { halfWay, SIZE } from './support/half-way.js';
import { startLab } from './support/lab.js';
import { WAIT } from './support/tab.js';

/** Chunks that get through at first. */
const BEFORE = 10;

let browser: Browser;
let bundle: Bundle;
let context: BrowserContext;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundleBench()]);
});
beforeEach(async () => {
  context = await browser.newContext();
  return () => context.close();
});
afterAll(() => browser?.close());

describe('an upload that runs', () => {
  test('stops at pause, and goes on at continue with what is missing', async () => {
    await using lab = await startLab(bundle);
    const { file, tab, uploadId, sentBefore } = await halfWay(lab, context, BEFORE);
    lab.proxy.stopHolding();
    await tab.pause();
    await tab.until({ state: { phase: 'paused', chunks: BEFORE } });
    // Another upload goes its whole way meanwhile; this one sends nothing.
    const { path: other } = await lab.space.file('other.bin', CHUNK + 1);
    await tab.add(other);
    const { uploadId: otherId } = await tab.completed(1);
    const sent = lab.proxy.chunks.slice(sentBefore);
    expect(sent.filter((chunk) => chunk.uploadId !== otherId)).toEqual([]);
    expect(await tab.look()).toMatchObject({ state: { phase: 'paused', chunks: BEFORE }, error: null });

    await tab.continue();
    const result = await tab.completed();
    expect(result).toMatchObject({ uploadId, resumed: false });
    expect((await tab.look()).phases.join(' ')).toMatch(/uploading paused waiting uploading.* completed$/);
    // What had been accepted was not sent again, but for the last received chunk.
    const again = lab.proxy.chunks.filter(
      (chunk, index) => index >= sentBefore && chunk.uploadId === uploadId && chunk.index < BEFORE,
    );
    expect(again.length).toBeLessThanOrEqual(1);
    await tab.expectFlawless();
    await lab.expectStoredAll({ [result.path]: file, [(await tab.completed(1)).path]: other });
  });

  test('can be paused before it has begun', async () => {
    await using lab = await startLab(bundle);
    const { path: file } = await lab.space.file('film.bin', SIZE);
    const tab = await lab.openBench(context);
    await tab.add(file, { paused: true });
    await tab.until({ state: { phase: 'paused' } });
    expect(lab.proxy.chunks).toEqual([]);
    await tab.continue();
    await lab.expectStored((await tab.completed()).path, file);
    await tab.expectFlawless();
  });

  test('stops at cancel; the same file goes on later from what the server kept', async () => {
    await using lab = await startLab(bundle);
    const { file, tab, uploadId } = await halfWay(lab, context, BEFORE);
    lab.proxy.stopHolding();
    await tab.cancel();
    await tab.until({ state: { phase: 'cancelled' }, error: { code: 'CANCELLED' } });
    expect(await lab.list()).toMatchObject([{ uploadId, status: 'receiving', receivedChunks: BEFORE }]);

    await tab.retry();
    const result = await tab.completed(1);
    expect(result).toMatchObject({ uploadId, resumed: true });
    expect(result.sentBytes).toBeLessThanOrEqual(SIZE - (BEFORE - 1) * CHUNK);
    await tab.expectFlawless();
    await lab.expectStored(result.path, file);
  });

  test('leaves nothing at cancel with discard; the same file begins anew', async () => {
    await using lab = await startLab(bundle);
    const { file, tab, uploadId } = await halfWay(lab, context, BEFORE);
    lab.proxy.stopHolding();
    await tab.cancel(0, true);
    await tab.until({ state: { phase: 'cancelled' }, error: { code: 'CANCELLED' } });
    expect(await lab.list()).toMatchObject([{ uploadId, status: 'aborted' }]);
    await expect.poll(() => readdirSync(path.join(lab.space.root, 'staging')), WAIT).toEqual([]);

    await tab.add(file);
    const result = await tab.completed(1);
    expect(result).toMatchObject({ resumed: false, sentBytes: SIZE });
    expect(result.uploadId).not.toBe(uploadId);
    await tab.expectFlawless();
    await lab.expectStored(result.path, file);
  });
});
