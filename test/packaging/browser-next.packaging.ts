import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium } from '../browser/support/chromium.js';
import { randomFile } from '../support/wire.js';
import { openTab } from './support/in-chromium.js';
import { build, newRoot, nextApp, startNext } from './support/next-app.js';
import type { Scratch } from './support/scratch.js';

const SIZE = 20 * 2 ** 20 + 5;

let app: Scratch;
let browser: Awaited<ReturnType<typeof startChromium>>;
beforeAll(async () => {
  [app, browser] = await Promise.all([nextApp('npm'), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await app?.[Symbol.asyncDispose]();
});

/** The one file below a folder of finished uploads. */
async function stored(root: string): Promise<Buffer> {
  const files = (await readdir(path.join(root, 'files'), { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile(),
  );
  expect(files).toHaveLength(1);
  return readFile(path.join(files[0]?.parentPath ?? '', files[0]?.name ?? ''));
}

describe.each(['webpack', 'turbopack'])('the page of the Next.js example in Chromium, by %s', (bundler) => {
  test.each(['start', 'dev'])('next %s: hashes in workers, and uploads', async (command) => {
    const root = newRoot(`page-${command}-${bundler}`);
    if (command === 'start') await build(app, bundler, root);
    const args = command === 'start' ? ['start'] : ['dev', `--${bundler}`];
    await using server = await startNext(app, args, { root });
    await using opened = await openTab(browser);
    const { tab, errors } = opened;
    await tab.goto(server.url);
    await tab.getByLabel('Name').fill('ann');
    await tab.getByLabel('Password').fill('correct horse');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByLabel('Album').waitFor();
    // Before React has taken the form over, the browser would submit it by itself.
    await tab.waitForFunction(() =>
      Object.keys(document.querySelector('form') ?? {}).some((key) => key.startsWith('__reactProps')),
    );
    await tab.getByLabel('Album').fill('summer');
    const { bytes } = randomFile(SIZE, SIZE);
    const file = path.join(app.path, `${command}-${bundler}.png`);
    await writeFile(file, bytes);
    await tab.getByLabel('File').setInputFiles(file);
    await tab.getByRole('button', { name: 'Upload' }).click();
    await tab.getByText('Stored in summer.').waitFor();
    expect(bytes.equals(await stored(root))).toBe(true);
    const workers = await opened.workers();
    expect(workers.length).toBeGreaterThan(0);
    expect(workers).not.toContain(false);
    expect(await opened.hasWasm()).toBe(false);
    expect(errors).toEqual([]);
  });
});
