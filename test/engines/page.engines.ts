import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { MiB } from '../../contract/index.js';
import { ENGINES } from './support/engines.js';
import { startServed } from './support/served.js';
import { createTabs } from './support/tab.js';

const TOKEN = 'correct-horse-battery-staple';
const SIZE = 24 * MiB + 7;

test.each(ENGINES)('%s: signs in, chooses, sees it complete, downloads equal bytes', async (_, start) => {
  await using served = await startServed(['--token', TOKEN]);
  await using session = await start();
  const tab = await createTabs(session).open();
  await tab.goto(served.url);
  await tab.type('input[name=token]', TOKEN);
  await tab.click('button[type=submit]');
  await tab.see('Nothing yet.');
  expect(await tab.evaluate(() => document.activeElement?.id)).toBe('picker-title');

  const { path: file, bytes } = await served.space.file('film.bin', SIZE);
  await tab.type('.uppy-Dashboard-input', file);
  await tab.click('.uppy-StatusBar-actionBtn--upload');
  await tab.see(/film\.bin[\s\S]*Complete/);
  const row = () => document.querySelector('li.upload')?.textContent ?? '';
  expect(await tab.evaluate(row)).toMatch(/^film\.bin.*Complete.*DownloadDelete/);

  await tab.click('a[download="film.bin"]');
  const downloaded = path.join(session.downloads, 'film.bin');
  await expect
    .poll(
      () =>
        readFile(downloaded).then(
          (got) => got.length,
          () => 0,
        ),
      { timeout: 20_000 },
    )
    .toBe(SIZE);
  expect((await readFile(downloaded)).equals(bytes)).toBe(true);

  await tab.click('button[aria-label="Delete film.bin"]');
  expect(await tab.evaluate(() => document.querySelector('dialog')?.contains(document.activeElement))).toBe(
    true,
  );
  await tab.click('dialog .danger');
  await tab.see('Nothing yet.');
  expect(await tab.evaluate(() => document.activeElement?.textContent)).toBe('Your uploads');
  expect((await tab.seen()).complaints).toEqual([]);
});
