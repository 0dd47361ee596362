import fs from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRandomFile } from '../../../cli/demo/files.js';
import { MiB } from '../../../contract/index.js';
import { CHUNK } from '../../cli/support.js';
import { startChromium } from '../support/chromium.js';
import { notice, openPage, row } from '../support/page.js';
import { LARGE_CHUNKS, startLab } from './support/lab.js';
import { WAIT } from './support/tab.js';

const SIZE = 300 * MiB;
const LARGE_CHUNK = 8 * MiB;
/** Chunks that get through at first. */
const BEFORE = 12;
const NO_BUNDLE = new Map<string, string>();
const visible = { state: 'visible' } as const;

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());

/** Chooses files, or a folder, in the Dashboard, and begins. */
async function upload(page: Page, chosen: string, kind: 'files' | 'folder' = 'files'): Promise<void> {
  const input = page
    .locator('input.uppy-Dashboard-input')
    .and(page.locator(kind === 'folder' ? '[webkitdirectory]' : ':not([webkitdirectory])'));
  await input.first().setInputFiles(chosen);
  await page.getByRole('button', { name: /^Upload \d+ files?$/ }).click();
}

/** Every text that the Dashboard's status bar has from now on; also after a reload. */
async function watchStatusBar(page: Page): Promise<() => Promise<string[]>> {
  const watch = () => {
    const seen: string[] = [];
    new MutationObserver(() => {
      const text = document.querySelector('.uppy-StatusBar')?.textContent;
      if (text && seen.at(-1) !== text) seen.push(text);
    }).observe(document, { subtree: true, childList: true, characterData: true });
    Object.assign(globalThis, { seen });
  };
  await page.addInitScript(watch);
  await page.evaluate(watch);
  return () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
}

/** Percents of "Uploading: 12%" in the order in which they came. */
const percentsOf = (texts: string[]) =>
  texts.flatMap((text) => [...text.matchAll(/Uploading: (\d+)%/g)].map(([, percent]) => Number(percent)));

describe('the page of `chunkwise serve`, as a process of its own', () => {
  test('shows how 300 MiB are checked, sent and stored; after a reload half-way the same file goes on', async () => {
    await using lab = await startLab(NO_BUNDLE, LARGE_CHUNKS);
    await using open = await openPage(browser, lab.site.url);
    const { page, complaints } = open;
    const file = path.join(lab.space.path, 'film.bin');
    await writeRandomFile(file, SIZE);
    const texts = await watchStatusBar(page);
    lab.proxy.holdAfter(BEFORE);
    await upload(page, file);
    const half = Math.floor((100 * BEFORE * LARGE_CHUNK) / SIZE);
    await row(page, 'film.bin').getByText(`Uploading, ${half} %`).waitFor(visible);
    expect((await texts()).join('\n')).toMatch(/Checking files before the upload[\s\S]*Uploading: \d+%/);

    await page.reload();
    const sentBefore = lab.proxy.chunks.length;
    lab.proxy.stopHolding();
    await row(page, 'film.bin')
      .getByText(`Stopped at ${half} %. Choose film.bin (300 MiB) again to go on.`)
      .waitFor(visible);
    await upload(page, file);
    await row(page, 'film.bin').getByText('Complete').waitFor(visible);
    // The last received chunk once more, and what was missing.
    const sent = new Set(lab.proxy.chunks.slice(sentBefore).map(({ index }) => index));
    expect(sent.size).toBe(Math.ceil(SIZE / LARGE_CHUNK) - BEFORE + 1);
    const percents = percentsOf(await texts());
    expect(percents[0]).toBeGreaterThanOrEqual(half);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    const [view] = await lab.list();
    if (view?.status !== 'completed') throw new Error(`it is ${view?.status}`);
    await lab.expectStored(view.path, file);
    expect(complaints).toEqual([]);
  });

  test('outlasts a server that is killed, by keyboard only', async () => {
    await using lab = await startLab(NO_BUNDLE);
    await using open = await openPage(browser, lab.site.url);
    const { page, complaints } = open;
    const { path: file } = await lab.space.file('film.bin', 160 * CHUNK);
    const accepted = () => lab.proxy.chunks.filter(({ status }) => status === 200).length;

    const choosing = page.waitForEvent('filechooser');
    await press(page, /^browse files$/);
    await (await choosing).setFiles(file);
    await page.getByRole('button', { name: 'Upload 1 file' }).waitFor(visible);
    // However fast this machine is, it cannot be over before the server is killed.
    lab.proxy.holdAfter(80);
    await press(page, /^Upload 1 file$/);
    await expect.poll(accepted, WAIT).toBeGreaterThan(BEFORE);
    await row(page, 'film.bin').waitFor(visible);
    await lab.crash();
    lab.proxy.release();
    await notice(page, 'The server does not answer.').waitFor(visible);
    await row(page, 'film.bin')
      .getByText(/^Waiting at \d+ %: the server does not answer\. It goes on by itself\.$/)
      .waitFor(visible);
    await lab.restart();
    await row(page, 'film.bin').getByText('Complete').waitFor(visible);
    await notice(page, 'The server does not answer.').waitFor({ state: 'hidden' });
    const views = await lab.list();
    expect(views).toMatchObject([{ status: 'completed', size: 160 * CHUNK }]);
    await lab.expectStored(views[0]?.status === 'completed' ? views[0].path : '', file);
    expect(complaints).toEqual([]);
  });

  test('takes a folder with equal files in it: each is stored under its own path', async () => {
    await using lab = await startLab(NO_BUNDLE);
    await using open = await openPage(browser, lab.site.url);
    const { page, complaints } = open;
    const { bytes } = await lab.space.file('holidays/one/twin.bin', 2 * CHUNK);
    const names = ['holidays/one/twin.bin', 'holidays/two/twin.bin', 'holidays/one/twin too.bin'];
    for (const name of names) {
      await fs.mkdir(path.dirname(path.join(lab.space.path, name)), { recursive: true });
      await fs.writeFile(path.join(lab.space.path, name), bytes);
    }
    for (let index = 0; index < 20; index++) {
      names.push(`holidays/two/${index}.bin`);
      await lab.space.file(`holidays/two/${index}.bin`, 1000 + index * 997);
    }
    await upload(page, path.join(lab.space.path, 'holidays'), 'folder');
    await expect
      .poll(async () => (await lab.list()).filter(({ status }) => status === 'completed').length, WAIT)
      .toBe(names.length);
    for (const name of names.slice(0, 3)) await row(page, name).waitFor({ state: 'attached' });
    const stored = (await lab.list()).map((view) => {
      const answered = view.status === 'completed' ? view.path : '';
      return [answered, path.join(lab.space.path, view.relativePath ?? '')] as const;
    });
    expect(new Set(stored.map(([, file]) => file)).size).toBe(names.length);
    await lab.expectStoredAll(Object.fromEntries(stored));
    expect(complaints).toEqual([]);
  });
});

/** Moves the focus by Tab to what has this name, unless it is there, and presses Enter. */
async function press(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  while (passed.length < 40) {
    const focused = await page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
    );
    if (name.test(focused.trim())) return page.keyboard.press('Enter');
    passed.push(focused.slice(0, 40));
    await page.keyboard.press('Tab');
  }
  throw new Error(`no ${name} among ${JSON.stringify(passed)}`);
}
