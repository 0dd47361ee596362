import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/server.js';
import type { UppyPage } from './pages/uppy.js';
import { startChromium } from './support/chromium.js';
import { type Bundle, bundlePage } from './support/site.js';
import { openUppy } from './support/uppy-page.js';

declare const page: UppyPage;

let browser: Browser;
let bundle: Bundle;
beforeAll(async () => {
  [browser, bundle] = await Promise.all([startChromium(), bundlePage('uppy.ts')]);
});
afterAll(() => browser?.close());

/** Beyond what a busy machine takes. */
const PATIENT = { timeout: 120_000 };
const MB = 1_000_000;
const film = (size = 3 * MB) => ({
  name: 'film.bin',
  mimeType: 'application/octet-stream',
  buffer: randomBytes(size),
});
const text = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
const growing = (values: number[]) => values.every((value, index) => value >= (values[index - 1] ?? 0));
/** The part of a line before its first number. */
const stateOf = (line: string) => line.split(':')[0];

describe("Uppy's Dashboard on Chunkwise", PATIENT, () => {
  test('files that are dropped, chosen, and in a folder: hashing, uploading, assembling, complete', async () => {
    let scanned = () => {};
    const scan = new Promise<boolean>((resolve) => {
      scanned = () => resolve(true);
    });
    const slow = { completionWaitMs: 1, policy: { beforePublish: () => scan } };
    await using at = await openUppy(browser, bundle, slow);
    await using folder = await temporaryFolder();
    for (const inside of ['docs/a', 'docs/b']) {
      await fs.mkdir(path.join(folder.path, inside), { recursive: true });
      await fs.writeFile(path.join(folder.path, inside, 'same.txt'), 'equal');
    }
    await at.tab.evaluate(() => page.drop([{ name: 'dropped.txt', text: 'dropped' }]));
    const chosen = film();
    await at.choose([chosen]);
    await at.choose(path.join(folder.path, 'docs'));

    await at.tab.evaluate(() => page.holdHashing());
    const letThrough = await at.holdChunks(4);
    await at.start();
    await at.bar.getByText(/^\d+% · Checking files before the upload$/).waitFor();
    expect(await at.bar.getByRole('button').allInnerTexts()).toEqual(['']);
    expect(await at.bar.getByRole('button').getAttribute('title')).toBe('Cancel');
    // More can be chosen meanwhile, and there is a button for those.
    await at.tab.evaluate(() => page.drop([{ name: 'late.txt', text: 'late' }]));
    await at.bar.getByRole('button', { name: /^Upload/ }).click();
    await at.bar.getByRole('button', { name: /^Upload/ }).waitFor({ state: 'detached' });

    await at.tab.evaluate(() => page.releaseHashing());
    await at.bar.getByText(/^Uploading: \d+%$/).waitFor();
    await at.bar.getByText(/ of 5 files uploaded · .* of 2\.9 MB/).waitFor();
    letThrough();
    await at.bar.getByText('The server puts the files together').waitFor();
    scanned();
    await at.bar.getByText('Complete', { exact: true }).waitFor();

    const { story, totals } = await at.tab.evaluate(() => ({ story: page.story, totals: page.totals }));
    const states = story.map(stateOf).filter((state, index, all) => state !== all[index - 1]);
    expect(states).toEqual(['waiting', 'preprocessing', 'uploading', 'postprocessing', 'complete']);
    expect(growing(totals)).toBe(true);
    const uploads = await at.list();
    expect(uploads.map(({ relativePath, name, status }) => [relativePath ?? name, status]).sort()).toEqual([
      ['docs/a/same.txt', 'completed'],
      ['docs/b/same.txt', 'completed'],
      ['dropped.txt', 'completed'],
      ['film.bin', 'completed'],
      ['late.txt', 'completed'],
    ]);
    const stored = uploads.find(({ name }) => name === 'film.bin');
    const file = path.join(at.root, stored?.status === 'completed' ? stored.path : '');
    expect(Buffer.compare(await fs.readFile(file), chosen.buffer)).toBe(0);
    expect(await at.tab.locator('a[aria-label="film.bin"]').getAttribute('href')).toBe(
      `/files/${stored?.uploadId}`,
    );
    expect(at.errors).toEqual([]);
  });

  test('pause and continue, of one file and of all; taking one away; cancel', async () => {
    await using at = await openUppy(browser, bundle);
    await at.choose([film(), text('letter.txt')]);
    const letThrough = await at.holdChunks(4);
    await at.start();
    await at.bar.getByText(/^Uploading: \d+%$/).waitFor();
    await at.tab.getByRole('button', { name: 'Pause upload' }).first().click();
    await at.tab.getByRole('button', { name: 'Resume upload' }).first().click();
    await at.bar.getByRole('button', { name: 'Pause', exact: true }).click();
    await at.bar.getByText(/^Paused: \d+%$/).waitFor();
    await at.bar.getByRole('button', { name: 'Resume', exact: true }).click();
    await at.bar.getByText(/^Uploading: \d+%$/).waitFor();
    expect((await at.list()).find(({ name }) => name === 'film.bin')?.status).toBe('receiving');
    await at.tab.getByRole('button', { name: 'Remove file' }).click();
    await at.bar.getByText('Complete', { exact: true }).waitFor();
    await at.until('film.bin aborted', 'letter.txt completed');

    // The same file again: its upload was aborted, so it begins anew. And "cancel" ends that as well.
    await at.choose([film(2 * MB)]);
    await at.start();
    await at.bar.getByText(/^Uploading: \d+%$/).waitFor();
    await at.bar.getByRole('button', { name: 'Cancel' }).click();
    await at.tab.getByText('Drop files here').waitFor();
    await at.until('film.bin aborted', 'film.bin aborted', 'letter.txt completed');
    letThrough();
    expect(await at.tab.evaluate(() => page.story.map((line) => line.split(':')[0]))).not.toContain('error');
    expect(at.errors).toEqual([]);
  });

  test('a refused upload says why, and goes through when it is tried again', async () => {
    let open = false;
    const authorize = () => open || 'Your plan has no more room.';
    await using at = await openUppy(browser, bundle, { policy: { authorize } });
    await at.choose([text('a.txt'), text('b.txt')]);
    await at.start();
    await at.bar.getByText('Upload failed', { exact: false }).first().waitFor();
    const why = at.tab.locator('.uppy-Dashboard-Item-errorDetails');
    await why.nth(1).waitFor();
    expect(await why.first().getAttribute('aria-label')).toBe('Your plan has no more room.');
    open = true;
    // One by itself, and what is left of all.
    await at.tab.getByRole('button', { name: 'Retry upload' }).first().click();
    await at.tab.locator('.uppy-Dashboard-Item.is-complete').first().waitFor();
    await at.tab.getByRole('button', { name: 'Retry upload' }).first().click();
    await at.bar.getByText('Complete', { exact: true }).waitFor();
    await at.until('a.txt completed', 'b.txt completed');
  });

  test('a type that is not taken, and a file that is too large, are refused when they are chosen', async () => {
    await using at = await openUppy(browser, bundle, { policy: { types: ['image/*'], maxFileSize: 1000 } });
    await at.tab.waitForFunction(() => page.restrictions().maxFileSize !== null);
    await at.choose([text('a.txt')]);
    await at.tab.getByText('You can only upload: image/*').first().waitFor();
    await at.choose([{ name: 'a.png', mimeType: 'image/png', buffer: randomBytes(1001) }]);
    await at.tab.getByText('a.png exceeds maximum allowed size of 1000 B').first().waitFor();
    await at.choose([{ name: 'b.png', mimeType: 'image/png', buffer: randomBytes(1000) }]);
    await at.start();
    await at.bar.getByText('Complete', { exact: true }).waitFor();
    await at.until('b.png completed');
  });

  test('who is not signed in is told so, and goes on after signing in', async () => {
    await using at = await openUppy(browser, bundle, { owner: 'nobody' });
    await at.choose([text('a.txt')]);
    await at.start();
    const why = at.tab.locator('.uppy-Dashboard-Item-errorDetails');
    await why.waitFor();
    expect(await why.getAttribute('aria-label')).toBe(
      'You are not signed in. Sign in, or give a valid token.',
    );
    expect(await at.list()).toEqual([]);
    await at.tab.evaluate(() => page.signIn('ann'));
    await at.bar.getByRole('button', { name: 'Retry upload' }).click();
    await at.bar.getByText('Complete', { exact: true }).waitFor();
    await at.until('a.txt completed');
    expect(at.errors).toEqual([]);
  });
});
