import { expect, test } from 'vitest';
import { INSECURE_HOST, startChromium } from './support/chromium.js';

test('Chromium runs, and tells secure origins from others', async () => {
  await using browser = await startChromium();
  const page = await browser.newPage();
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<title>hi</title>' }));
  const secure = () => page.evaluate(() => globalThis.isSecureContext && Boolean(crypto.subtle));
  await page.goto('http://127.0.0.1:9/');
  expect(await secure()).toBe(true);
  await page.goto(`http://${INSECURE_HOST}:9/`);
  expect(await secure()).toBe(false);
});
