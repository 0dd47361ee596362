import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/wire.js';
import { startChromium } from './support/chromium.js';
import { CHUNK, fileOf, holdChunks, notice, openPage, row, startServe, upload } from './support/page.js';

const TOKEN = 'the-token-of-this-server';
const visible = { state: 'visible' } as const;

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

async function signIn(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** What ends by itself after a week: the server knows the cookie no longer. */
async function endSession(url: string, context: BrowserContext): Promise<void> {
  const [cookie] = await context.cookies();
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  expect((await request(`${url}/session`, { method: 'DELETE', headers })).status).toBe(204);
}

describe('with a token', () => {
  it('asks for it, tells when it is wrong, and keeps it nowhere', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page, context, complaints } = open;
    const urls: string[] = [];
    page.on('request', (one) => urls.push(one.url()));
    const field = page.getByLabel('Token');
    await field.waitFor(visible);
    expect(await page.getByText('Drop files here').count()).toBe(0);
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);

    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Write the token into the field first.').waitFor(visible);
    await signIn(page, 'another');
    await page.getByText('This is not the token of this server. Check it and try again.').waitFor(visible);
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await field.getAttribute('aria-invalid')).toBe('true');

    await signIn(page);
    await page.getByText('Nothing yet.').waitFor(visible);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Upload files');
    const kept = await page.evaluate(() => [
      document.cookie,
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
      document.documentElement.outerHTML,
    ]);
    expect(kept[0]).toBe('');
    for (const text of [...urls, ...kept]) expect(text).not.toContain(TOKEN);
    expect(await context.cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/' }]);
    expect(JSON.stringify(await context.cookies())).not.toContain(TOKEN);

    await page.reload();
    await page.getByText('Nothing yet.').waitFor(visible);
    expect(complaints).toEqual([]);
  });

  it('signs out, in all windows, and shows nothing any more', async () => {
    await using serve = await startServe(TOKEN);
    await using one = await openPage(browser, serve.url);
    const { page, complaints } = one;
    await signIn(page);
    await upload(page, fileOf('a.bin', 10));
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    await using other = await openPage(browser, serve.url, one.context);
    await row(other.page, 'a.bin').waitFor(visible);
    await upload(other.page, fileOf('b.bin', 10));
    await row(other.page, 'b.bin').getByText('Complete').waitFor(visible);
    await page.getByRole('button', { name: 'Sign out' }).click();
    for (const window of [page, other.page]) {
      await window.getByLabel('Token').waitFor(visible);
      // Neither in the list nor in the panel.
      expect(
        await window
          .getByText(/[ab]\.bin/)
          .filter({ visible: true })
          .count(),
      ).toBe(0);
    }
    await signIn(other.page);
    // The window that did not ask comes back as well.
    await row(page, 'a.bin').waitFor(visible);
    expect([...complaints, ...other.complaints]).toEqual([]);
  });

  it('asks again when the session ends; uploads wait for it and go on', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page, context, complaints } = open;
    await signIn(page);
    const release = await holdChunks(page, 2);
    const file = fileOf('a.bin', 6 * CHUNK);
    await upload(page, file);
    await row(page, 'a.bin').getByText('Uploading, 33 %').waitFor(visible);
    await endSession(serve.url, context);
    await page.getByText('You are signed out: sign in again to go on.').waitFor(visible);
    await page.getByText('One upload waits until then; nothing is lost.').waitFor(visible);
    release();
    await signIn(page);
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    expect(complaints).toEqual([]);
  });

  it('asks again after the server was started anew, for an upload under way as well', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page, complaints } = open;
    await signIn(page);
    const release = await holdChunks(page, 2);
    await upload(page, fileOf('a.bin', 6 * CHUNK));
    await row(page, 'a.bin').getByText('Uploading, 33 %').waitFor(visible);
    await serve.stop();
    await notice(page, 'The server does not answer.').waitFor(visible);
    await serve.startAgain();
    release();
    await page.getByLabel('Token').waitFor(visible);
    await signIn(page);
    await row(page, 'a.bin').getByText('Complete').waitFor(visible);
    expect(complaints).toEqual([]);
  });

  it('opens the stream again where it was refused, and somebody has signed in elsewhere meanwhile', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page } = open;
    let isFirst = true;
    await page.route('**/uploads.watch*', async (route) => {
      if (!isFirst) return route.continue();
      isFirst = false;
      // What the server says to whoever is not signed in.
      const headers = { accept: 'text/event-stream' };
      const { status, text } = await request(route.request().url(), { headers });
      expect(text).toContain('UNAUTHORIZED');
      await route.fulfill({ status, contentType: 'text/event-stream', body: text });
    });
    await signIn(page);
    await page.getByText('Nothing yet.').waitFor(visible);
    expect(isFirst).toBe(false);
  });

  it('asks again on a page where nothing runs, by itself', async () => {
    await using serve = await startServe(TOKEN);
    await using open = await openPage(browser, serve.url);
    const { page, context } = open;
    await signIn(page);
    await page.getByText('Nothing yet.').waitFor(visible);
    await endSession(serve.url, context);
    await page.getByText('You are signed out: sign in again to go on.').waitFor(visible);
    await signIn(page);
    await page.getByText('Nothing yet.').waitFor(visible);
  });
});
