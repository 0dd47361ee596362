import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CHUNK } from '../../cli/support.js';
import { startChromium } from '../support/chromium.js';
import type { Bundle } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import type { Bench } from './bench/page.js';
import { startLab } from './support/lab.js';
import { WAIT } from './support/tab.js';

declare const bench: Bench;

const MANY = 1000;
/** Connections that a browser has to one server over HTTP/1.1. */
const CONNECTIONS = 6;

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

/** A folder of small files, among them equal ones: under other names, and under the same name in other folders. */
async function folderOf(folder: string): Promise<string[]> {
  const equal = randomBytes(1234);
  const files: Record<string, Uint8Array> = {
    'twin.txt': equal,
    'twin too.txt': equal,
    'empty.txt': new Uint8Array(),
  };
  for (let index = Object.keys(files).length + 7; index < MANY; index++)
    files[`part ${index % 7}/${index}.txt`] = randomBytes(1 + (index % 3000));
  for (let part = 0; part < 7; part++) files[`part ${part}/twin.txt`] = equal;
  for (let part = 0; part < 7; part++) await fs.mkdir(path.join(folder, `part ${part}`), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await fs.writeFile(path.join(folder, name), bytes);
  return Object.keys(files);
}

test('a folder of 1,000 small files, equal ones among them: each is stored once, under its own path', async () => {
  await using lab = await startLab(bundle, [], { inMemory: true });
  const folder = path.join(lab.space.path, 'holidays');
  const names = await folderOf(folder);
  expect(names).toHaveLength(MANY);
  const tab = await lab.openBench(context);
  expect(await tab.add(folder, { kind: 'folder' })).toBe(MANY);
  await expect.poll(() => tab.evaluate(() => bench.settled()), { timeout: 80_000, interval: 250 }).toBe(MANY);

  const ends = await tab.evaluate(() => bench.ends());
  expect(ends.filter(({ error }) => error)).toEqual([]);
  const stored = ends.map(({ relativePath, result }) => [result?.path ?? '', relativePath ?? ''] as const);
  expect(stored.map(([, name]) => name).sort()).toEqual(names.map((name) => `holidays/${name}`).sort());
  await lab.expectStoredAll(
    Object.fromEntries(stored.map(([answered, name]) => [answered, path.join(lab.space.path, name)])),
  );
  await tab.expectFlawless();
}, 90_000);

test('more uploads at once than the browser has connections, beside a stream: nothing starves', async () => {
  await using lab = await startLab(bundle);
  const count = 2 * CONNECTIONS;
  const files = await Promise.all(
    Array.from({ length: count }, (_, index) => lab.space.file(`film ${index}.bin`, 6 * CHUNK)),
  );
  const tab = await lab.openBench(context, { concurrency: 3 * CONNECTIONS });
  expect(await tab.evaluate(() => bench.watch())).toEqual([]);
  lab.proxy.holdAfter(count);
  await tab.add(files.map(({ path: file }) => file));
  // All connections but that of the stream are taken: what else the page asks waits in the browser.
  await expect.poll(() => lab.proxy.held, WAIT).toBe(CONNECTIONS - 1);
  const listing = tab.evaluate(() => bench.list());
  lab.proxy.release();
  expect((await listing).length).toBeGreaterThan(0);
  await expect.poll(() => tab.evaluate(() => bench.settled()), WAIT).toBe(count);

  const ends = await tab.evaluate(() => bench.ends());
  expect(ends.filter(({ error }) => error)).toEqual([]);
  const paths = ends.map(({ result }) => result?.path ?? '');
  // The stream has told of the end of each.
  await expect
    .poll(async () => {
      const told = await tab.evaluate(() => bench.watched());
      return told.filter(({ status }) => status === 'completed').map(({ uploadId }) => uploadId);
    }, WAIT)
    .toEqual(expect.arrayContaining(ends.map(({ result }) => result?.uploadId)));
  await tab.expectFlawless();
  await lab.expectStoredAll(Object.fromEntries(files.map(({ path: file }, index) => [paths[index], file])));
});
