import { appendFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from '../support/chromium.js';
import type { Bundle } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import { CHUNKS, halfWay, SIZE } from './support/half-way.js';
import { startLab } from './support/lab.js';
import { renderersOf } from './support/renderers.js';
import { WAIT } from './support/tab.js';

/** Chunks that get through at first. */
const BEFORE = 10;
/** Seconds, as the page tells a state each second while bytes should move. */
const OFFLINE = 5;

let browser: Browser;
let bundle: Bundle;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundleBench()]);
});
afterAll(() => browser?.close());

test('an upload waits while the browser is offline, and goes on by itself afterwards', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { tab, file, sentBefore } = await halfWay(lab, context, BEFORE);

  await context.setOffline(true);
  await tab.page.waitForFunction(() => !navigator.onLine);
  lab.proxy.stopHolding();
  const { states } = await tab.look();
  await expect.poll(async () => (await tab.look()).states, WAIT).toBeGreaterThanOrEqual(states + OFFLINE);
  expect(await tab.look()).toMatchObject({ error: null, state: { phase: 'uploading', chunks: BEFORE } });
  expect(lab.proxy.chunks.slice(sentBefore)).toEqual([]);

  await context.setOffline(false);
  lab.proxy.release();
  const { path } = await tab.completed();
  await tab.expectFlawless();
  await lab.expectStored(path, file);
});

test('an upload outlasts a server that is killed under it, and nothing that was accepted is lost', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { path: file } = await lab.space.file('film.bin', 4 * SIZE);
  const tab = await lab.openBench(context);
  const accepted = () => lab.proxy.chunks.filter(({ status }) => status === 200);

  // However fast this machine is, it cannot be over before the server is killed.
  lab.proxy.holdAfter(2 * CHUNKS);
  await tab.add(file);
  await expect.poll(() => accepted().length, WAIT).toBeGreaterThan(BEFORE);
  await lab.crash();
  lab.proxy.release();
  const told = new Set(accepted().map(({ index }) => index));
  await expect.poll(async () => (await tab.look()).state.retries, WAIT).toBeGreaterThan(0);
  expect(await tab.look()).toMatchObject({ error: null, state: { retrying: { code: 'NETWORK' } } });

  lab.proxy.holdAfter(0);
  await lab.restart();
  const { uploadId } = (await tab.look()).state;
  const held = await lab.held(uploadId!);
  for (const [first, last] of held.missing ?? [])
    for (let index = first; index <= last; index++) expect(told).not.toContain(index);
  lab.proxy.release();
  const result = await tab.completed();
  expect(result).toMatchObject({ uploadId });
  expect(result.retries).toBeGreaterThan(0);
  await tab.expectFlawless();
  await lab.expectStored(result.path, file);
});

test('a chunk that is damaged on its way is refused, and sent again', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { path: file } = await lab.space.file('film.bin', SIZE);
  const damaged = new Set<number>();
  lab.proxy.damage(({ index }) => {
    if (index % 10 !== 3 || damaged.has(index)) return false;
    damaged.add(index);
    return true;
  });
  const tab = await lab.openBench(context);
  await tab.add(file);
  const result = await tab.completed();

  expect([...damaged].toSorted((a, b) => a - b)).toEqual([3, 13, 23, 33]);
  expect(result.retries).toBe(damaged.size);
  for (const index of damaged)
    expect(lab.proxy.chunks.filter((chunk) => chunk.index === index)).toMatchObject([
      { status: 409 },
      { status: 200 },
    ]);
  await tab.expectFlawless();
  await lab.expectStored(result.path, file);
});

test('a file that changes during its upload is refused in plain words, and is not stored', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { tab, file } = await halfWay(lab, context, BEFORE);
  await appendFile(file, 'more');
  lab.proxy.release();
  await tab.until({ state: { phase: 'failed' }, error: { code: 'FILE_CHANGED', retryable: false } });
  await tab.expectFlawless();
  expect(await lab.list()).toMatchObject([{ status: 'receiving' }]);
});

test('a page whose process does not run for a while sends nothing, and goes on when it runs again', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { tab, file, sentBefore } = await halfWay(lab, context, BEFORE);
  const renderers = await renderersOf(browser);
  for (const pid of renderers) process.kill(pid, 'SIGSTOP');
  try {
    lab.proxy.release();
    await expect.poll(() => lab.proxy.chunks.map(({ status }) => status), WAIT).not.toContain(null);
    expect(lab.proxy.chunks).toHaveLength(sentBefore);
  } finally {
    for (const pid of renderers) process.kill(pid, 'SIGCONT');
  }
  const { path } = await tab.completed();
  await tab.expectFlawless();
  await lab.expectStored(path, file);
});

test('a file that is chosen while the browser is offline is uploaded once it is online', async () => {
  await using lab = await startLab(bundle);
  await using context = await browser.newContext();
  const { path: file } = await lab.space.file('film.bin', SIZE);
  const tab = await lab.openBench(context);
  await context.setOffline(true);
  await tab.page.waitForFunction(() => !navigator.onLine);
  await tab.add(file);
  expect(await tab.look()).toMatchObject({ error: null, state: { phase: 'waiting' } });
  await context.setOffline(false);
  const { path, retries } = await tab.completed();
  expect(retries).toBe(0);
  await tab.expectFlawless();
  await lab.expectStored(path, file);
});
