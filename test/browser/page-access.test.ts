/** For whom the page is: keyboards, screen readers, small windows, dark rooms. */
import type { Browser, FileChooser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomFile, wireClient } from '../support/wire.js';
import { startChromium } from './support/chromium.js';
import {
  CHUNK,
  fileOf,
  holdChunks,
  openPage,
  row,
  startServe,
  upload,
  violationsOf,
} from './support/page.js';

const visible = { state: 'visible' } as const;
const TOKEN = 'the-token';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

/** Each light, each width, and letters twice as large as usual. */
const VIEWS = [
  { colorScheme: 'light', width: 1280, letters: '100%' },
  { colorScheme: 'dark', width: 1280, letters: '200%' },
  { colorScheme: 'dark', width: 375, letters: '100%' },
  { colorScheme: 'light', width: 320, letters: '100%' },
  { colorScheme: 'light', width: 640, letters: '200%' },
] as const;

/** What is wrong with the page as it is now, however it is looked at. */
async function flaws(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const { colorScheme, width, letters } of VIEWS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    // Uppy looks at its own width, and draws itself anew.
    await page.evaluate((size) => {
      document.documentElement.style.fontSize = size;
      return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }, letters);
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    const wrong = [...(await violationsOf(page)), ...(tooWide ? ['scrolls sideways'] : [])];
    found.push(...wrong.map((text) => `${colorScheme} ${width} ${letters}: ${text}`));
  }
  return found;
}

describe('nothing to find for axe, and nothing beside the screen', () => {
  it('signed out, with a wrong token, and signed in with nothing there', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page } = open;
    await page.getByLabel('Token').waitFor(visible);
    expect(await flaws(page)).toEqual([]);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the token').waitFor(visible);
    expect(await flaws(page)).toEqual([]);
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByText('Nothing yet.').waitFor(visible);
    expect(await flaws(page)).toEqual([]);
  });

  it('with chosen, running, stopped, failed and completed uploads, details and a dialog', async () => {
    await using serve = await startServe();
    const client = wireClient(`${serve.url}/trpc`);
    const stopped = randomFile(4 * CHUNK, CHUNK);
    const { uploadId } = (await client.init(stopped.input('stopped.bin'))).data;
    await client.chunk(stopped.fields(uploadId, 0), stopped.piece(0));
    // All chunks are right, and they do not add up to what was declared.
    const failing = randomFile(2 * CHUNK, CHUNK);
    const wrong = { ...failing.input('failed.bin'), hash: randomFile(2 * CHUNK, CHUNK).hash };
    const failed = (await client.init(wrong)).data.uploadId;
    for (const index of [0, 1]) await client.chunk(failing.fields(failed, index), failing.piece(index));

    await using open = await openPage(browser, serve.url);
    const { page } = open;
    await row(page, 'failed.bin').getByText('Failed: The chunks do not add up').waitFor(visible);
    const name = `${'a-very-long-name-without-any-space-'.repeat(5)}.bin`;
    await upload(page, fileOf(name, 10), fileOf('other.bin', 10));
    await row(page, name).getByText('Complete').waitFor(visible);
    await page.getByText('Upload complete').waitFor(visible);
    await page.getByRole('button', { name: 'Done' }).click();
    const input = page.locator('.uppy-Dashboard-input').first();
    await input.setInputFiles([fileOf('chosen.bin', 4 * CHUNK)]);
    await page.getByRole('button', { name: 'Upload 1 file' }).waitFor(visible);
    expect(await flaws(page)).toEqual([]);

    await holdChunks(page, 2);
    await page.getByRole('button', { name: 'Upload 1 file' }).click();
    await row(page, 'chosen.bin').getByText('Uploading, 50 %').waitFor(visible);
    await row(page, name).getByText('Details').click();
    expect(await flaws(page)).toEqual([]);
    await page.getByRole('button', { name: `Delete ${name}` }).click();
    await page.getByRole('dialog').waitFor(visible);
    expect(await flaws(page)).toEqual([]);
  });
});

describe('by keyboard alone', () => {
  const focused = (page: Page) =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? (element?.textContent || element?.tagName) ?? '';
    });

  /** Presses Tab until the focus is on what has that name. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    const seen: string[] = [];
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      const text = await focused(page);
      if (name.test(text)) return;
      seen.push(text);
    }
    throw new Error(`Tab does not lead to ${name}, but to ${seen.join(' | ')}`);
  }

  /** Whoever looks sees where the focus is. */
  const isMarked = (page: Page) =>
    page.evaluate(() => {
      const style = getComputedStyle(document.activeElement ?? document.body);
      return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
    });

  /** Uppy moves the focus some time after it has drawn itself, from under the key as well: then people press it again. */
  async function chooseFiles(page: Page): Promise<FileChooser> {
    for (let tries = 1; ; tries++) {
      await tabTo(page, /^browse files$/);
      expect(await isMarked(page)).toBe(true);
      const choosing = page.waitForEvent('filechooser', { timeout: 4000 });
      await page.keyboard.press('Enter');
      const chooser = await choosing.catch((error: unknown) => {
        if (tries === 3) throw error;
      });
      if (chooser) return chooser;
    }
  }

  it('signs in, chooses, uploads, looks at details, asks to delete, thinks again, deletes', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await page.getByLabel('Token').waitFor(visible);
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByText('Drop files here').waitFor(visible);

    await (await chooseFiles(page)).setFiles([fileOf('a.bin', 10)]);
    // Uppy puts the focus on what comes next.
    await expect.poll(() => focused(page)).toBe('Upload 1 file');
    expect(await isMarked(page)).toBe(true);
    await page.keyboard.press('Enter');
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    await expect.poll(() => focused(page)).toBe('Done');

    await tabTo(page, /^Download a\.bin$/);
    expect(await isMarked(page)).toBe(true);
    await tabTo(page, /^Details of a\.bin$/);
    await page.keyboard.press('Enter');
    await page.getByText('Path on the server').waitFor(visible);

    await tabTo(page, /^Delete a\.bin$/);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Delete a.bin?' });
    await dialog.waitFor(visible);
    const isWithin = () => dialog.evaluate((element) => element.contains(document.activeElement));
    await expect.poll(isWithin).toBe(true);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('Delete a.bin');

    await page.keyboard.press('Enter');
    await dialog.waitFor(visible);
    await tabTo(page, /^Delete$/);
    expect(await isWithin()).toBe(true);
    await page.keyboard.press('Enter');
    await row(page, 'a.bin').waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('Your uploads');
    expect(complaints).toEqual([]);
  });
});
