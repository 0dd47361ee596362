/**
 * Takes the picture of the page that the README shows: `node --import tsx scripts/screenshot.ts [FILE]`. Everything on
 * it is real, but the numbers differ each time.
 */

import { startChromium } from '../test/browser/support/chromium.js';
import { fileOf, holdChunks, openPage, row, upload } from '../test/browser/support/page.js';
import unpack from '../test/browser/support/unpack.js';
import { CHUNK, serve, workspace } from '../test/cli/support.js';
import { randomFile, wireClient } from '../test/support/wire.js';

const [target = 'docs/images/page.png', scheme = 'light', width = '1200'] = process.argv.slice(2);

await unpack();
await using browser = await startChromium();
await using work = await workspace();
await using server = await serve(work.root);
const client = wireClient(`${server.url}/trpc`);
const stopped = randomFile(6 * CHUNK, CHUNK);
const { uploadId } = (await client.init(stopped.input('interview-02.wav'))).data;
for (const index of [0, 1, 2, 3]) await client.chunk(stopped.fields(uploadId, index), stopped.piece(index));

const context = await browser.newContext({
  colorScheme: scheme === 'dark' ? 'dark' : 'light',
  viewport: { width: Number(width), height: 760 },
});
await using open = await openPage(browser, server.url, context);
const { page } = open;
await upload(page, fileOf('site-plan.pdf', 3 * CHUNK));
await row(page, 'site-plan.pdf').getByText('Complete').waitFor();
await page
  .getByRole('button', { name: /^Done|Add more/ })
  .first()
  .click();
const release = await holdChunks(page, 6);
await upload(page, fileOf('holiday.mov', 10 * CHUNK), fileOf('drone-0417.mp4', 12 * CHUNK));
await row(page, 'holiday.mov').getByText('Uploading').waitFor();
await row(page, 'drone-0417.mp4').getByText('Uploading').waitFor();
await page.screenshot({ path: target });
release();
await context.close();
