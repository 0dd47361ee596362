import type { Browser } from 'playwright-core';
import { KiB, type UploadView } from '../../../contract/index.js';
import type { Policies } from '../../../server/policy.js';
import { startServer, temporaryFolder } from '../../support/server.js';
import { holdChunks } from './page.js';
import { type Bundle, startSite } from './site.js';

interface UppyPageOptions {
  policy?: Policies['default'];
  completionWaitMs?: number;
  owner?: string;
}

/** The page of `test/browser/pages/uppy.ts` in a tab, and the real server at its origin. Chunks have 256 KiB. */
export async function openUppy(
  browser: Browser,
  bundle: Bundle,
  { policy, completionWaitMs = 10_000, owner = 'ann' }: UppyPageOptions = {},
) {
  const folder = await temporaryFolder();
  const server = await startServer({
    root: folder.path,
    policies: { default: { threshold: 256 * KiB, chunkSize: 256 * KiB, ...(policy || {}) } },
    completionWaitMs,
  });
  const site = await startSite(bundle, {
    api(req, res) {
      req.url = req.url?.replace(/^\/trpc/, '') ?? '/';
      server.server.emit('request', req, res);
    },
  });
  const list = async () => {
    const headers = { 'x-test-owner': 'ann' };
    const answer = await fetch(`${server.url}/uploads.list?input=%7B%7D`, { headers });
    const { result } = (await answer.json()) as { result: { data: { items: UploadView[] } } };
    return result.data.items;
  };
  const context = await browser.newContext();
  const tab = await context.newPage();
  const errors: string[] = [];
  tab.on('pageerror', (error) => errors.push(String(error)));
  await tab.goto(`${site.url}/?owner=${owner}`);
  await tab.waitForFunction('globalThis.page');
  return {
    ...{ tab, errors, root: folder.path },
    bar: tab.locator('.uppy-StatusBar'),
    /** Files, or one folder, that are chosen in the dialog. */
    async choose(files: string | { name: string; mimeType: string; buffer: Buffer }[]) {
      const more = tab.getByRole('button', { name: 'Add more files' });
      if (await more.isVisible()) await more.click();
      const input = tab.locator('input.uppy-Dashboard-input');
      const ofFolders = typeof files === 'string';
      await input
        .and(tab.locator(ofFolders ? '[webkitdirectory]' : ':not([webkitdirectory])'))
        .first()
        .setInputFiles(files);
    },
    start: () => tab.getByRole('button', { name: /^Upload \d+ files?$/ }).click(),
    holdChunks: (from: number) => holdChunks(tab, from),
    list,
    /** The server has exactly these uploads, as `name status`: aborts reach it on their own. */
    async until(...wanted: string[]) {
      const now = async () => (await list()).map(({ name, status }) => `${name} ${status}`).sort();
      while (String(await now()) !== String(wanted));
    },
    async [Symbol.asyncDispose]() {
      await context.close();
      await site[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
