import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MiB } from '../../../contract/index.js';
import { CHUNK, workspace } from '../../cli/support.js';
import { startServer } from '../../support/server.js';
import { startChromium } from '../support/chromium.js';
import { type Bundle, startSite } from '../support/site.js';
import { bundleBench } from './bench/bundle.js';
import { expectStored, startLab } from './support/lab.js';
import { createProxy } from './support/proxy.js';
import { openTab, type Tab } from './support/tab.js';

/** One sentence or more for a person: nothing of programs in it, and an end. */
const PLAIN = /^(?!.*(undefined|null|\[object|TRPC|Error:|\n)).+ .+\.$/;

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

async function refused(tab: Tab, code: string, index = 0): Promise<string> {
  await tab.until({ state: { phase: 'failed' }, error: { code, retryable: false } }, index);
  const { error, phases } = await tab.look(index);
  expect(phases).not.toContain('uploading');
  expect(error?.message).toMatch(PLAIN);
  return error?.message ?? '';
}

test('a wrong token is refused before a byte is sent; with the right one the upload completes', async () => {
  await using lab = await startLab(bundle, ['--token', 'right']);
  const { path: file } = await lab.space.file('film.bin', 3 * CHUNK);
  const tab = await lab.openBench(context, { token: 'wrong' });
  await tab.add(file);
  await refused(tab, 'UNAUTHORIZED');
  expect((await tab.look()).phases).not.toContain('hashing');
  expect(lab.proxy.chunks).toEqual([]);

  await tab.set({ token: 'right' });
  await tab.retry();
  const { path } = await tab.completed(1);
  await tab.expectFlawless();
  await lab.expectStored(path, file);
});

test('a file that is too large is refused before it is hashed, by its size and the limit', async () => {
  await using lab = await startLab(bundle, ['--max-file-size', '1MiB']);
  const large = await lab.space.file('large.bin', MiB + 1);
  const small = await lab.space.file('small.bin', MiB);
  const tab = await lab.openBench(context);
  await tab.add([large.path, small.path]);
  expect(await refused(tab, 'FILE_TOO_LARGE')).toMatch(/1(\.0)? ?MiB/);
  expect((await tab.look()).phases).not.toContain('hashing');
  const { path } = await tab.completed(1);
  await tab.expectFlawless();
  await lab.expectStored(path, small.path);
});

test('a file of a refused type is refused before it is hashed', async () => {
  await using space = await workspace();
  const policies = { default: { types: ['image/png'], threshold: CHUNK, chunkSize: CHUNK } };
  await using server = await startServer({ root: space.root, policies });
  const proxy = createProxy(Number(new URL(server.url).port));
  await using site = await startSite(bundle, {
    // Its own server answers at `/`, without a prefix.
    api(req, res) {
      req.url = req.url?.replace(/^\/trpc/, '');
      proxy.handle(req, res);
    },
  });
  const [text, image] = [await space.file('notes.txt', CHUNK), await space.file('photo.png', 3 * CHUNK)];
  const tab = await openTab(context, site.url);
  await tab.add([text.path, image.path]);
  expect(await refused(tab, 'TYPE_REFUSED')).toContain('image/png');
  expect((await tab.look()).phases).not.toContain('hashing');
  const { path } = await tab.completed(1);
  await tab.expectFlawless();
  await expectStored(space.root, { [path]: image.path });
  proxy.close();
});
