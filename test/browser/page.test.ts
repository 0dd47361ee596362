import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UploadView } from '../../contract/index.js';
import { fileHash, randomFile, request, wireClient } from '../support/wire.js';
import { INSECURE_HOST, startChromium } from './support/chromium.js';
import { CHUNK, fileOf, holdChunks, notice, openPage, row, startServe, upload } from './support/page.js';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const visible = { state: 'visible' } as const;

describe('the page of `serve`', () => {
  it('uploads what a person chooses, shows how far it is, and gives the same bytes back', async () => {
    await using serve = await startServe();
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await page.getByText('Nothing yet.').waitFor(visible);
    const file = fileOf('holiday.mov', 4 * CHUNK);
    const release = await holdChunks(page, 2);
    await upload(page, file);
    await row(page, file.name).getByText('Uploading, 50 %').waitFor(visible);
    expect(await row(page, file.name).getByRole('progressbar').getAttribute('value')).toBe('50');
    release();
    await row(page, file.name).getByText('Complete').waitFor(visible);
    expect(await row(page, file.name).getByRole('progressbar').count()).toBe(0);

    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download holiday.mov' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('holiday.mov');
    expect((await readFile(await download.path())).equals(file.buffer)).toBe(true);

    await row(page, file.name).getByText('Details').click();
    const details = await row(page, file.name).locator('details').innerText();
    expect(details).toContain(fileHash(file.buffer, CHUNK));
    expect(details).toContain('not what sha256sum prints');
    expect(details).toMatch(/files\/[0-9A-Z]{26}\/holiday\.mov/);
    expect(details).toContain('1,048,576 bytes');
    expect(complaints).toEqual([]);
  });

  it('aborts what runs here only after asking, and lets go of it in the panel too', async () => {
    await using serve = await startServe();
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await holdChunks(page, 2);
    await upload(page, fileOf('a.bin', 4 * CHUNK));
    await row(page, 'a.bin').getByText('Uploading, 50 %').waitFor(visible);
    const abort = page.getByRole('button', { name: 'Abort a.bin' });
    await abort.click();
    const dialog = page.getByRole('dialog', { name: 'Abort a.bin?' });
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await row(page, 'a.bin').count()).toBe(1);
    await abort.click();
    await dialog.getByRole('button', { name: 'Abort' }).click();
    await row(page, 'a.bin').waitFor({ state: 'detached' });
    await page.getByText('Drop files here').waitFor(visible);
    const { items } = (await wireClient(`${serve.url}/trpc`).query<{ items: object[] }>('list', {})).data;
    expect(items).toMatchObject([{ name: 'a.bin', status: 'aborted' }]);
    expect(complaints).toEqual([]);
  });

  it('aborts that one of two files of one name and size, and not the other', async () => {
    await using serve = await startServe();
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    const release = await holdChunks(page, 2);
    await page.locator('.uppy-Dashboard-input').first().waitFor({ state: 'attached' });
    // From two folders, in which they were changed at different times.
    await page.evaluate((size) => {
      const chosen = new DataTransfer();
      for (const lastModified of [1, 2])
        chosen.items.add(new File([new Uint8Array(size).fill(lastModified)], 'a.bin', { lastModified }));
      const input = document.querySelector<HTMLInputElement>('.uppy-Dashboard-input');
      if (input === null) throw new Error('there is nothing to choose with');
      input.files = chosen.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, 4 * CHUNK);
    await page.getByRole('button', { name: 'Upload 2 files' }).click();
    const rows = page.locator('li.upload');
    await rows.getByText('Uploading, 50 %').nth(1).waitFor(visible);
    // The newest is the one that was chosen last.
    const aborted = await rows.first().getAttribute('data-upload');
    await rows.first().getByRole('button', { name: 'Abort a.bin' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Abort' }).click();
    await page.locator(`[data-upload="${aborted}"]`).waitFor({ state: 'detached' });
    release();
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    const { items } = (await wireClient(`${serve.url}/trpc`).query<{ items: UploadView[] }>('list', {})).data;
    expect(items.map(({ uploadId, status }) => [uploadId === aborted, status])).toEqual([
      [true, 'aborted'],
      [false, 'completed'],
    ]);
    expect(complaints).toEqual([]);
  });

  it('works in more windows than a browser has connections; all of them show what happens', async () => {
    await using serve = await startServe();
    await using context = await browser.newContext();
    const windows = [];
    for (let number = 1; number <= 8; number++) {
      const { page } = await openPage(browser, serve.url, context);
      await page.getByText('Nothing yet.').waitFor(visible);
      windows.push(page);
    }
    const [first] = windows;
    if (first === undefined) throw new Error('there is no window');
    await upload(first, fileOf('a.bin', 4 * CHUNK));
    for (const page of windows) await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    // The one that was live leaves, whichever it is.
    while (windows.length > 1) await windows.pop()?.close();
    const file = randomFile(2 * CHUNK, CHUNK);
    const client = wireClient(`${serve.url}/trpc`);
    const { uploadId } = (await client.init(file.input('b.bin'))).data;
    await client.chunk(file.fields(uploadId, 0), file.piece(0));
    await row(first, 'b.bin').waitFor(visible);
  });

  it('says of unfinished uploads what to choose to go on, goes on, and aborts them', async () => {
    await using serve = await startServe();
    const client = wireClient(`${serve.url}/trpc`);
    const begun = async (name: string) => {
      const file = randomFile(4 * CHUNK, CHUNK);
      const { uploadId } = (await client.init(file.input(name))).data;
      for (const index of [0, 1, 2]) await client.chunk(file.fields(uploadId, index), file.piece(index));
      return { name, mimeType: '', buffer: Buffer.from(file.bytes) };
    };
    const [first] = [await begun('first.bin'), await begun('second.bin')];
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await page.getByText('Stopped at 75 %. Choose first.bin (1 MiB) again to go on.').waitFor(visible);
    const sent: string[] = [];
    page.on('request', (one) => one.url().includes('uploads.chunk') && sent.push(one.url()));
    await upload(page, first);
    await row(page, 'first.bin').getByText('Complete').waitFor(visible);
    // The last one that had arrived, and the one that was missing.
    expect(sent).toHaveLength(2);

    await page.getByRole('button', { name: 'Abort second.bin' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Abort' }).click();
    await row(page, 'second.bin').waitFor({ state: 'detached' });
    await page.getByRole('status').getByText('second.bin is aborted.').waitFor({ state: 'attached' });
    expect(complaints).toEqual([]);
  });

  it('deletes a file after asking; the focus stays in the list', async () => {
    await using serve = await startServe();
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await upload(page, fileOf('old.bin', 10), fileOf('new.bin', 20));
    await row(page, 'old.bin').getByText('Complete').waitFor(visible);
    const link = await page.getByRole('link', { name: 'Download old.bin' }).getAttribute('href');
    await page.getByRole('button', { name: 'Delete old.bin' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(page, 'old.bin').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Your uploads');
    expect((await request(`${serve.url}${link}`)).status).toBe(404);
    expect(await row(page, 'new.bin').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('is live in a second window, which tells what runs elsewhere', async () => {
    await using serve = await startServe();
    await using one = await openPage(browser, serve.url);
    await using other = await openPage(browser, serve.url, one.context);
    await other.page.getByText('Nothing yet.').waitFor(visible);
    const release = await holdChunks(one.page, 3);
    await upload(one.page, fileOf('a.bin', 4 * CHUNK));
    await row(one.page, 'a.bin').getByText('Uploading, 75 %').waitFor(visible);
    await row(other.page, 'a.bin')
      .getByText('Being sent from another window or device, 75 %')
      .waitFor(visible);
    release();
    await row(other.page, 'a.bin').getByText('Complete').waitFor(visible);
    await other.page.getByRole('button', { name: 'Delete a.bin' }).click();
    await other.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(one.page, 'a.bin').waitFor({ state: 'detached' });
    expect([...one.complaints, ...other.complaints]).toEqual([]);
  });

  it('shows more when it is asked to', async () => {
    await using serve = await startServe();
    const client = wireClient(`${serve.url}/trpc`);
    for (let number = 1; number <= 25; number++)
      await client.init({ name: `${number}.bin`, size: 9, chunkSize: CHUNK, hash: null });
    await using open = await openPage(browser, serve.url);
    const { page } = open;
    await row(page, '6.bin').waitFor(visible);
    expect(await page.locator('li.upload').count()).toBe(20);
    await page.getByRole('button', { name: 'Show more' }).click();
    await row(page, '1.bin').waitFor(visible);
    expect(await page.locator('li.upload').count()).toBe(25);
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('5.bin');
  });

  it('comes back by itself after the server was away, with what has happened since', async () => {
    await using serve = await startServe();
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await page.getByText('Nothing yet.').waitFor(visible);
    await serve.stop();
    await notice(page, 'The server does not answer.').waitFor(visible);
    await serve.startAgain();
    const client = wireClient(`${serve.url}/trpc`);
    await client.init({ name: 'meanwhile.bin', size: 9, chunkSize: CHUNK, hash: null });
    await row(page, 'meanwhile.bin').waitFor(visible);
    await notice(page, 'The server does not answer.').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  it('says that it is offline, and goes on by itself', async () => {
    await using serve = await startServe();
    await using open = await openPage(browser, serve.url);
    const { page, context, complaints } = open;
    const release = await holdChunks(page, 2);
    await upload(page, fileOf('a.bin', 4 * CHUNK));
    await row(page, 'a.bin').getByText('Uploading, 50 %').waitFor(visible);
    await context.setOffline(true);
    await page
      .getByText('You are offline. Uploads go on by themselves when the line is back.')
      .waitFor(visible);
    release();
    await context.setOffline(false);
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    await page.getByText('You are offline.').waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  it('hashes by WebAssembly where plain http leaves no WebCrypto, under the same rules', async () => {
    await using serve = await startServe();
    const { port } = new URL(serve.url);
    await using open = await openPage(browser, `http://${INSECURE_HOST}:${port}`);
    const { page, complaints } = open;
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    const file = fileOf('a.bin', 3 * CHUNK);
    await upload(page, file);
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    expect(await row(page, 'a.bin').locator('details').innerHTML()).toContain(fileHash(file.buffer, CHUNK));
    expect(complaints).toEqual([]);
  });
});
