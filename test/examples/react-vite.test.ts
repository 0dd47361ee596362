import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { startChromium } from '../browser/support/chromium.js';
import { startApp } from './support/app.js';
import { buildApp, copyApp, problemsOf, showApp } from './support/built-app.js';

const BUILD_MS = 120_000;

let stop: (() => PromiseLike<void>)[] = [];
let [folder, url, complaints] = ['', '', ''];
let browser: Browser;

beforeAll(async () => {
  const app = await copyApp('react-vite');
  folder = app.path;
  const server = await startApp(path.join(folder, 'server.ts'), { ROOT: path.join(folder, 'data') });
  complaints = await buildApp(folder);
  const shown = await showApp(folder, server.url);
  url = shown.url;
  browser = await startChromium();
  stop = [
    () => browser.close(),
    () => shown[Symbol.asyncDispose](),
    () => server[Symbol.asyncDispose](),
    () => app[Symbol.asyncDispose](),
  ];
}, BUILD_MS);
afterAll(async () => {
  for (const end of stop) await end();
});

async function open(): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(url);
  return { page, complaints };
}

async function fileOf(name: string, size: number): Promise<{ file: string; sha256: string }> {
  const bytes = randomBytes(size);
  const file = path.join(folder, name);
  await fs.writeFile(file, bytes);
  return { file, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** SHA-256 of what the server keeps under that name. */
async function stored(name: string): Promise<string[]> {
  const files = path.join(folder, 'data/files');
  const found: string[] = [];
  for (const entry of await fs.readdir(files, { recursive: true }))
    if (path.basename(entry) === name)
      found.push(
        createHash('sha256')
          .update(await fs.readFile(path.join(files, entry)))
          .digest('hex'),
      );
  return found;
}

describe('the example with React and Vite', () => {
  test('compiles by its own settings', () => expect(problemsOf(folder)).toEqual([]), BUILD_MS);

  test('is built without a warning', () => expect(complaints).toBe(''));

  test('uploads what is chosen into the album, with progress that does not go back', async () => {
    const { page, complaints } = await open();
    const { file, sha256 } = await fileOf('lake.jpg', 24 * MiB);
    await page.getByLabel('Album').fill('Italy');
    await page.evaluate(() => {
      const seen: number[] = [];
      new MutationObserver(() => {
        const bar = document.querySelector('[role=progressbar][aria-label="All uploads"]');
        if (bar) seen.push(Number(bar.getAttribute('aria-valuenow')));
      }).observe(document, { subtree: true, childList: true, attributes: true });
      Object.assign(globalThis, { seen });
    });
    await page.getByLabel('Add photos').setInputFiles(file);
    await page.getByText('Stored in Italy').waitFor();
    await page.getByRole('status').getByText('1 of 1 uploaded.').waitFor();
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: number[] }).seen);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(100);
    expect(new Set(seen).size).toBeGreaterThan(2);
    expect(await stored('lake.jpg')).toEqual([sha256]);
    await page.getByRole('button', { name: 'Remove lake.jpg from the list' }).click();
    expect(await page.getByRole('listitem').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('pauses and goes on, is cancelled and tried again', async () => {
    const { page, complaints } = await open();
    const { file, sha256 } = await fileOf('alps.jpg', 16 * MiB);
    const held = await holdChunks(page);
    await page.getByLabel('Add photos').setInputFiles(file);
    await held.seen;
    await page.getByRole('button', { name: 'Pause alps.jpg' }).click();
    await page.getByText(/^Paused at \d+ %$/).waitFor();
    await page.getByRole('button', { name: 'Continue alps.jpg' }).click();
    await page.getByRole('button', { name: 'Cancel alps.jpg' }).click();
    await page.getByText('Cancelled').waitFor();
    await held.release();
    await page.getByRole('button', { name: 'Try again: alps.jpg' }).click();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Uploads');
    await page.getByText('Stored in Summer').waitFor();
    expect(await page.getByRole('listitem').count()).toBe(1);
    expect(await stored('alps.jpg')).toEqual([sha256]);
    expect(complaints.filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
  });

  test('says in a sentence what is wrong with a file', async () => {
    const { page } = await open();
    const { file } = await fileOf('notes.txt', 10);
    await page.getByLabel('Add photos').setInputFiles(file);
    const sentence = 'notes.txt is text/plain; accepted are: image/*.';
    expect(await page.getByRole('alert').textContent()).toBe(sentence);
    await page.getByRole('status').getByText('0 of 1 uploaded, 1 failed.').waitFor();
  });

  test.each(['light', 'dark'] as const)('has nothing that axe objects to, in %s', async (colorScheme) => {
    const { page } = await open();
    await page.emulateMedia({ colorScheme });
    const held = await holdChunks(page);
    const files = [await fileOf('sea.jpg', 4 * MiB), await fileOf('bad.txt', 10)];
    await page.getByLabel('Add photos').setInputFiles(files.map(({ file }) => file));
    await page.getByRole('alert').waitFor();
    await held.seen;
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    expect(found.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(wide).toBe(false);
    await held.release();
  });
});

/** Keeps chunks in the browser. */
async function holdChunks(page: Page) {
  let tell = () => {};
  const seen = new Promise<void>((resolve) => {
    tell = resolve;
  });
  await page.route('**/uploads.chunk*', tell);
  return { seen, release: () => page.unroute('**/uploads.chunk*') };
}
